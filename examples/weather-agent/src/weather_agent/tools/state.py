"""What the client and the agent's tools share in a conversation: AG-UI's state (https://docs.ag-ui.com/concepts/state)."""

from contextvars import ContextVar
from typing import Any

current_state: ContextVar[dict[str, Any]] = ContextVar("state")


def state() -> dict[str, Any]:
    """The state of this conversation. A tool may change it: the client sees the change once the tool has returned."""
    return current_state.get()


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """What leads from one state to the other, as a JSON patch (RFC 6902) of whole values at the top level."""
    removed = [{"op": "remove", "path": _pointer(key)} for key in before if key not in after]
    changed = [
        {"op": "replace" if key in before else "add", "path": _pointer(key), "value": value}
        for key, value in after.items()
        if key not in before or before[key] != value
    ]
    return removed + changed


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")
