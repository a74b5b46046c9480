"""Anthropic's messages on the wire: JSON in, Server-Sent Events out.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from .conversation import Block, Call, Conversation, File, Message, Reply, Text, Thoughts
from .prompt_cache import Prompt

PATHS = ["/v1/messages"]
MEDIA_TYPE = "text/event-stream"
# https://platform.claude.com/docs/en/api/errors
ERRORS = {
    "throttle": (429, "rate_limit_error"),
    "unavailable": (529, "overloaded_error"),
    "internal": (500, "api_error"),
    "failed": (500, "api_error"),
    "denied": (403, "permission_error"),
    "invalid": (400, "invalid_request_error"),
    "too_long": (400, "invalid_request_error"),
}
# How a reply may end: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
STOPS = {
    "complete": ("end_turn", "stop_sequence"),
    "calls": ("tool_use",),
    "too long": ("max_tokens", "model_context_window_exceeded"),
    "refused": ("refusal",),
    "malformed": (),
}
# The ways to decline, and what else the models behind this wire do that those behind others do not.
REFUSALS = (
    Reply((Text(("I cannot ", "say.")),), stop="refusal"),
    Reply((), stop="refusal", details={"stop_details": {"type": "refusal", "category": "cyber", "explanation": None}}),
)
ODDITIES = {"signed thoughts", "hidden thoughts", "arguments as text"}
# What makes the model reason aloud: https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
REASONING: dict[str, Any] = {"thinking": {"type": "adaptive"}}
LOOKBACK = 20  # https://platform.claude.com/docs/en/build-with-claude/prompt-caching
SIGNATURE = "thought by a script"
SECRET = "thought in secret"


def environment(url: str) -> dict[str, str | None]:
    """What points Anthropic's client here, with a key that is worth nothing anywhere else."""
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "offline", "ANTHROPIC_AUTH_TOKEN": None}


def reasons(body: dict[str, Any]) -> bool:
    """Whether the model is asked to think aloud."""
    return body.get("thinking", {}).get("type") in {"adaptive", "enabled"}


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form."""
    tools = {tool["name"]: tool["input_schema"] for tool in body.get("tools") or []}
    return Conversation([_message(message) for message in body["messages"]], tools, reasons(body))


def cacheable(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What the model reads, in the order of https://platform.claude.com/docs/en/build-with-claude/prompt-caching."""
    system = blocks({"content": body.get("system") or []})
    return [*(body.get("tools") or []), *system, *(block for message in body["messages"] for block in blocks(message))]


def prompt(body: dict[str, Any]) -> Prompt:
    """The same with its cache points: each is a field of the block before it, or of the request: at its end."""
    found = cacheable(body)
    points = [number for number, block in enumerate(found, 1) if block.get("cache_control")]
    if body.get("cache_control"):
        points.append(len(found))
    return Prompt([{**block, "cache_control": None} for block in found], points)


def _message(message: dict[str, Any]) -> Message:
    content = blocks(message)
    return Message(
        role=message["role"],
        text=_text(content),
        files=[_file(block["source"]) for block in content if block["type"] in {"image", "document"}],
        calls=[Call(block["id"], block["name"], block["input"]) for block in content if block["type"] == "tool_use"],
        results={block["tool_use_id"]: _text(blocks(block)) for block in content if block["type"] == "tool_result"},
    )


def blocks(holder: dict[str, Any]) -> list[dict[str, Any]]:
    """The content of a message, or of a result, which may have none."""
    content = holder.get("content", [])
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(blocks: list[dict[str, Any]]) -> str:
    return "".join(block["text"] for block in blocks if block["type"] == "text")


def _file(source: dict[str, Any]) -> File:
    data = source["data"]
    return File(source["media_type"], data.encode() if source["type"] == "text" else base64.b64decode(data))


def refusal(kind: str, message: str) -> Response:
    """An error before the stream."""
    status, code = ERRORS[kind]
    return JSONResponse({"type": "error", "error": {"type": code, "message": message}}, status)


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as events: a piece of text, or of a call's arguments, in each."""
    message = {"id": "msg_local", "type": "message", "role": "assistant", "model": "local", "content": []}
    yield _event("message_start", message=message | _stop(None) | {"usage": _usage({**usage, "output": 1})})
    yield from reply.streamed(_block)
    reason = reply.stop or ("tool_use" if reply.calls else "end_turn")
    delta = {**_stop(reason), **reply.details}
    yield _event("message_delta", delta=delta, usage=_usage(usage))
    yield _event("message_stop")


def limit_frames() -> Iterator[bytes]:
    """The end of a text that has reached the model's output limit."""
    yield _event("content_block_stop", index=0)
    usage = _usage({"input": 1, "read": 0, "written": 0, "output": 1})
    yield _event("message_delta", delta=_stop("max_tokens"), usage=usage)
    yield _event("message_stop")


def _stop(reason: str | None) -> dict[str, Any]:
    return {"stop_reason": reason, "stop_sequence": None}


def _usage(usage: dict[str, int]) -> dict[str, int]:
    """The tokens so far. Anthropic counts those of its cache beside `input_tokens`."""
    return {
        "input_tokens": usage["input"] - usage["read"] - usage["written"],
        "output_tokens": usage["output"],
        "cache_read_input_tokens": usage["read"],
        "cache_creation_input_tokens": usage["written"],
    }


def _block(index: int, block: Block) -> Iterator[bytes]:
    yield _event("content_block_start", index=index, content_block=_start(block))
    yield from (_event("content_block_delta", index=index, delta=delta) for delta in _deltas(block))
    yield _event("content_block_stop", index=index)


def _start(block: Block) -> dict[str, Any]:
    match block:
        case Text():
            return {"type": "text", "text": ""}
        case Call():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": {}}
        case Thoughts(hidden=True):
            return {"type": "redacted_thinking", "data": SECRET}
        case Thoughts():
            return {"type": "thinking", "thinking": "", "signature": ""}


def _deltas(block: Block) -> Iterator[dict[str, Any]]:
    match block:
        case Text():
            yield from ({"type": "text_delta", "text": piece} for piece in block.pieces)
        case Call():
            yield from ({"type": "input_json_delta", "partial_json": piece} for piece in block.pieces)
        case Thoughts(hidden=False):
            yield from ({"type": "thinking_delta", "thinking": piece} for piece in block.pieces)
            if block.signed:
                yield {"type": "signature_delta", "signature": SIGNATURE}


def error_frame(kind: str, message: str) -> bytes:
    """An error within the stream."""
    return _event("error", error={"type": ERRORS[kind][1], "message": message})


def garbled_frame() -> bytes:
    """An event whose JSON breaks off."""
    return b'event: content_block_delta\ndata: {"type": "content_blo\n\n'


def news_frame() -> bytes:
    """A sign of life, and an event of a kind that came after this client."""
    return _event("ping") + _event("news", news="none")


def _event(kind: str, **fields: Any) -> bytes:
    # A lone surrogate has no UTF-8: it is written as JSON escapes it.
    data = json.dumps({"type": kind, **fields}, ensure_ascii=False)
    return f"event: {kind}\ndata: {data}\n\n".encode(errors="backslashreplace")
