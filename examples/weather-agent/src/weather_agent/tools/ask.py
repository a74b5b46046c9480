"""Tools that ask the user a question and wait for the answer."""

from typing import Any


class Ask(Exception):
    """Raised by a tool: its result is what the person answers, checked against a JSON schema of an object.

    The run ends until the answer comes, and the tool is not called again.
    """

    def __init__(self, message: str, schema: dict[str, Any]) -> None:
        super().__init__(message)
        self.message = message
        self.schema = schema
