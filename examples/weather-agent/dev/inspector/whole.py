"""The answer that ConverseStream's events make up, as Converse would have given it in one piece."""

from collections.abc import Iterable
from typing import Any


def whole(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The content blocks; a call's `input` is text, which may be no JSON."""
    blocks: dict[int, dict[str, Any]] = {}
    for event in events:
        for kind, content in event.items():
            if kind == "contentBlockStart":
                blocks[content["contentBlockIndex"]] = {name: {**given} for name, given in content["start"].items()}
            elif kind == "contentBlockDelta":
                _add(blocks.setdefault(content["contentBlockIndex"], {}), content["delta"])
    return [blocks[index] for index in sorted(blocks)]


def _add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    for kind, piece in delta.items():
        if isinstance(piece, dict):
            _add(block.setdefault(kind, {}), piece)
        else:
            block[kind] = block.get(kind, "") + piece
