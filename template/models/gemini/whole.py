"""The answer that Gemini's chunks make up, as `generateContent` would have given it in one piece."""

from collections.abc import Iterable
from typing import Any


def whole(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts; texts that follow each other are one."""
    parts: list[dict[str, Any]] = []
    for event in events:
        for candidate in (event.get("candidates") or [])[:1]:
            for part in (candidate.get("content") or {}).get("parts") or []:
                if parts and _is_text(part) and _is_text(parts[-1]) and _thought(part) == _thought(parts[-1]):
                    parts[-1] = {**parts[-1], **part, "text": parts[-1]["text"] + part["text"]}
                else:
                    parts.append(part)
    return parts


def _is_text(part: dict[str, Any]) -> bool:
    return isinstance(part.get("text"), str)


def _thought(part: dict[str, Any]) -> bool:
    return bool(part.get("thought"))
