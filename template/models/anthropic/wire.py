"""Anthropic's messages on the wire: JSON in, Server-Sent Events out.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from .conversation import Call, Conversation, Message, Reply

PATHS = ["/v1/messages"]
MEDIA_TYPE = "text/event-stream"
REFUSALS = {
    "throttle": (429, "rate_limit_error"),
    "unavailable": (529, "overloaded_error"),
    "denied": (403, "permission_error"),
    "invalid": (400, "invalid_request_error"),
}


def environment(url: str) -> dict[str, str | None]:
    """What points Anthropic's client here, with a key that is worth nothing anywhere else."""
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "offline", "ANTHROPIC_AUTH_TOKEN": None}


def problem(body: dict[str, Any]) -> str | None:
    """What Anthropic would refuse: each tool call has its result next, and an answer has a limit."""
    if not body.get("stream") or not body.get("max_tokens"):
        return "`stream` must be true, and `max_tokens` is required."
    messages = [message | {"content": _blocks(message)} for message in body["messages"]]
    if messages[0]["role"] != "user":
        return "The first message must be the user's."
    for message, following in itertools.pairwise([*messages, {"content": []}]):
        called = {block["id"] for block in message["content"] if block["type"] == "tool_use"}
        answered = {block["tool_use_id"] for block in following["content"] if block["type"] == "tool_result"}
        if called != answered:
            return f"tool_use ids {sorted(called)} do not match the tool_result ids that follow, {sorted(answered)}."
    return None


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form."""
    names = [tool["name"] for tool in body.get("tools") or []]
    return Conversation([_message(message) for message in body["messages"]], names)


def _message(message: dict[str, Any]) -> Message:
    blocks = _blocks(message)
    return Message(
        role=message["role"],
        text=_text(blocks),
        calls=[Call(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"],
        results={block["tool_use_id"]: _text(_blocks(block)) for block in blocks if block["type"] == "tool_result"},
    )


def _blocks(holder: dict[str, Any]) -> list[dict[str, Any]]:
    content = holder["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(blocks: list[dict[str, Any]]) -> str:
    return "".join(block["text"] for block in blocks if block["type"] == "text")


def refusal(kind: str, message: str) -> Response:
    """An error before the stream."""
    status, code = REFUSALS[kind]
    return JSONResponse({"type": "error", "error": {"type": code, "message": message}}, status)


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as events: a word of text, or a piece of a call's arguments, in each."""
    message = {"id": "msg_local", "type": "message", "role": "assistant", "model": "local", "content": []}
    yield _event("message_start", message=message | _stop(None) | {"usage": _usage(usage["input"], 1)})
    yield from _text_block(reply.text)
    for index, call in enumerate(reply.calls, start=1):
        yield from _call_block(index, call)
    delta = _stop("tool_use" if reply.calls else "end_turn")
    yield _event("message_delta", delta=delta, usage=_usage(usage["input"], usage["output"]))
    yield _event("message_stop")


def _stop(reason: str | None) -> dict[str, Any]:
    return {"stop_reason": reason, "stop_sequence": None}


def _usage(read: int, written: int) -> dict[str, int]:
    """The tokens so far. Anthropic counts those that it reads from its cache beside `input_tokens`."""
    cached = read // 2
    tokens = {"input_tokens": read - cached, "output_tokens": written}
    return {**tokens, "cache_read_input_tokens": cached, "cache_creation_input_tokens": 0}


def _text_block(text: str) -> Iterator[bytes]:
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for line in text.splitlines(keepends=True):
        first, *others = line.split(" ")
        for piece in [first, *(f" {word}" for word in others)]:
            yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield _event("content_block_stop", index=0)


def _call_block(index: int, call: Call) -> Iterator[bytes]:
    start = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
    yield _event("content_block_start", index=index, content_block=start)
    text = json.dumps(call.arguments, ensure_ascii=False)
    for position in range(0, len(text), 8):
        delta = {"type": "input_json_delta", "partial_json": text[position : position + 8]}
        yield _event("content_block_delta", index=index, delta=delta)
    yield _event("content_block_stop", index=index)


def error_frame(message: str) -> bytes:
    """An error within the stream."""
    return _event("error", error={"type": "api_error", "message": message})


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
