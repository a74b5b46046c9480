"""Tools that wait for a person's approval before they run."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


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

    def text(self, arguments: dict[str, Any]) -> str:
        """What the person is asked."""
        return re.sub(r"\{(\w+)\}", lambda found: str(arguments.get(found[1], found[0])), self.message)


def needs_approval(message: str, when: Callable[..., bool] | None = None) -> Callable[[Function], Function]:
    """Mark a tool: `@needs_approval("Send this to {recipient}?", when=lambda recipient, **_: …)`."""

    def mark(function: Function) -> Function:
        function.approval = Approval(message, when)  # type: ignore[attr-defined]
        return function

    return mark
