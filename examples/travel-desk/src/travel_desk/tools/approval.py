"""Tools that wait for a person's approval before they run."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .ask import APPROVAL, Ask

Function = TypeVar("Function", bound=Callable[..., Any])


class Approve(Ask):
    """Asks whether a tool may be called, with which arguments."""

    reason = "tool_call"


@dataclass(frozen=True)
class Approval:
    """How a tool asks: `message` may name its arguments in braces; `when`, given them, says whether it asks at all."""

    message: str
    when: Callable[..., bool] | None = None

    def needed(self, arguments: dict[str, Any]) -> bool:
        """Whether a call with these arguments waits. A condition that fails counts as true."""
        try:
            return self.when is None or bool(self.when(**arguments))
        except Exception:
            return True

    def ask(self, arguments: dict[str, Any], parameters: dict[str, Any]) -> Ask:
        """What the person is asked, whose answer may edit the arguments: `parameters` is their schema."""
        message = re.sub(r"\{(\w+)\}", lambda found: str(arguments.get(found[1], found[0])), self.message)
        edited = {key: value for key, value in parameters.items() if key != "$defs"}
        properties = {**APPROVAL["properties"], "editedArgs": edited}
        return Approve(message, {**APPROVAL, "properties": properties, "$defs": parameters.get("$defs", {})})


def needs_approval(message: str, when: Callable[..., bool] | None = None) -> Callable[[Function], Function]:
    """Mark a tool: `@needs_approval("Send this to {recipient}?", when=lambda recipient, **_: …)`."""

    def mark(function: Function) -> Function:
        function.approval = Approval(message, when)  # type: ignore[attr-defined]
        return function

    return mark
