"""The message that the chunks of chat completions make up, as it would have come in one piece."""

from collections.abc import Iterable
from typing import Any


def whole(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The message; a call's `arguments` are text, which may be no JSON."""
    message: dict[str, Any] = {}
    for event in events:
        for choice in (event.get("choices") or [])[:1]:
            _add(message, choice.get("delta") or {})
    return [message] if message else []


def _add(target: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        if name == "tool_calls":
            for call in value or []:
                _add(_call(target.setdefault(name, []), call), call)
        elif isinstance(value, dict):
            _add(target.setdefault(name, {}), value)
        elif isinstance(value, str) and name in ("content", "reasoning_content", "reasoning", "refusal", "arguments"):
            target[name] = (target.get(name) or "") + value
        elif value is not None:
            target[name] = value


def _call(calls: list[dict[str, Any]], piece: dict[str, Any]) -> dict[str, Any]:
    """The call that this is a piece of. Some servers give no index, and whole calls."""
    index = piece.get("index")
    found = next((call for call in calls if index is not None and call.get("index") == index), None)
    if found is None:
        calls.append(found := {})
    return found
