"""Tools that ask the user a question and wait for the answer."""

from typing import Any

APPROVAL: dict[str, Any] = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}, "reason": {"type": "string"}},
    "required": ["approved"],
    "additionalProperties": False,
}
"""The schema of a yes or no."""


class Ask(Exception):
    """Raised by a tool: its result is what the person answers, checked against a JSON schema of an object.

    The run ends until the answer comes, and the tool is not called again. `reason` and `metadata` are the interrupt's.
    """

    reason = "input_required"

    def __init__(self, message: str, schema: dict[str, Any]) -> None:
        super().__init__(message)
        self.message = message
        self.schema = schema
        self.metadata: dict[str, Any] = {}


class Authorize(Ask):
    """Raised by a tool: it needs what only the user can allow, on the page at `address`. Then it is called again.

    Raises `ValueError` for an address that is not one of the web.
    """

    reason = "authorization_required"

    def __init__(self, message: str, address: str) -> None:
        if not address.startswith(("https://", "http://")):
            raise ValueError("The address where the user could allow this is not one of the web.")
        super().__init__(f"{message} {address}", APPROVAL)
        self.metadata = {"authorizationUrl": address}
