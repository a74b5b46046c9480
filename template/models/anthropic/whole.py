"""The answer that a stream of the Messages API makes up, as it would have come in one piece."""

from collections.abc import Iterable
from typing import Any

FIELDS = {
    "text_delta": ("text", "text"),
    "input_json_delta": ("partial_json", "input"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
}


def whole(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The content blocks; a call's `input` is text, which may be no JSON."""
    blocks: dict[int, dict[str, Any]] = {}
    for event in events:
        if event["type"] == "content_block_start":
            blocks[event["index"]] = {name: value or "" for name, value in event["content_block"].items()}
        elif event["type"] == "content_block_delta" and event["delta"]["type"] in FIELDS:
            source, target = FIELDS[event["delta"]["type"]]
            block = blocks[event["index"]]
            block[target] = block.get(target, "") + event["delta"][source]
    return [blocks[index] for index in sorted(blocks)]
