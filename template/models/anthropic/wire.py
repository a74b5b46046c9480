"""Anthropic's messages on the wire: JSON in, Server-Sent Events out.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import base64
import itertools
import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from .conversation import Call, Conversation, File, Message, Reply, pieces

PATHS = ["/v1/messages"]
MEDIA_TYPE = "text/event-stream"
REFUSALS = {
    "throttle": (429, "rate_limit_error"),
    "unavailable": (529, "overloaded_error"),
    "denied": (403, "permission_error"),
    "invalid": (400, "invalid_request_error"),
}
# What makes the model reason aloud: https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
REASONING: dict[str, Any] = {"thinking": {"type": "adaptive"}}
SIGNATURE = "thought by a script"


def environment(url: str) -> dict[str, str | None]:
    """What points Anthropic's client here, with a key that is worth nothing anywhere else."""
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "offline", "ANTHROPIC_AUTH_TOKEN": None}


def problem(body: dict[str, Any]) -> str | None:
    """What Anthropic would refuse: answers have a limit, calls their results next, and thoughts come back signed."""
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
    sources = [block["source"] for message in messages for block in message["content"] if block["type"] == "document"]
    if any(source["type"] == "base64" and source["media_type"] != "application/pdf" for source in sources):
        return "A document in base64 must be application/pdf; one of text/plain has a source of type `text`."
    after_call = messages[-1]["content"][0]["type"] == "tool_result"
    if _reasons(body) and after_call and messages[-2]["content"][0].get("signature") != SIGNATURE:
        return "With thinking, a message that calls tools must begin with its thinking block, signed as it was."
    return None


def _reasons(body: dict[str, Any]) -> bool:
    return body.get("thinking", {}).get("type") in {"adaptive", "enabled"}


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form."""
    names = [tool["name"] for tool in body.get("tools") or []]
    return Conversation([_message(message) for message in body["messages"]], names, _reasons(body))


def _message(message: dict[str, Any]) -> Message:
    blocks = _blocks(message)
    return Message(
        role=message["role"],
        text=_text(blocks),
        files=[_file(block["source"]) for block in blocks if block["type"] in {"image", "document"}],
        calls=[Call(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"],
        results={block["tool_use_id"]: _text(_blocks(block)) for block in blocks if block["type"] == "tool_result"},
    )


def _blocks(holder: dict[str, Any]) -> list[dict[str, Any]]:
    content = holder["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(blocks: list[dict[str, Any]]) -> str:
    return "".join(block["text"] for block in blocks if block["type"] == "text")


def _file(source: dict[str, Any]) -> File:
    data = source["data"]
    return File(source["media_type"], data.encode() if source["type"] == "text" else base64.b64decode(data))


def refusal(kind: str, message: str) -> Response:
    """An error before the stream."""
    status, code = REFUSALS[kind]
    return JSONResponse({"type": "error", "error": {"type": code, "message": message}}, status)


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as events: a word of text, or a piece of a call's arguments, in each."""
    message = {"id": "msg_local", "type": "message", "role": "assistant", "model": "local", "content": []}
    yield _event("message_start", message=message | _stop(None) | {"usage": _usage(usage["input"], 1)})
    for index, block in enumerate(_reply_blocks(reply)):
        yield from (_event(kind, index=index, **fields) for kind, fields in block)
        yield _event("content_block_stop", index=index)
    yield from _end("tool_use" if reply.calls else "end_turn", usage)


def limit_frames() -> Iterator[bytes]:
    """The end of a text that has reached the model's output limit."""
    yield _event("content_block_stop", index=0)
    yield from _end("max_tokens", {"input": 1, "output": 1})


def _end(reason: str, usage: dict[str, int]) -> Iterator[bytes]:
    yield _event("message_delta", delta=_stop(reason), usage=_usage(usage["input"], usage["output"]))
    yield _event("message_stop")


def _stop(reason: str | None) -> dict[str, Any]:
    return {"stop_reason": reason, "stop_sequence": None}


def _usage(read: int, written: int) -> dict[str, int]:
    """The tokens so far. Anthropic counts those that it reads from its cache beside `input_tokens`."""
    cached = read // 2
    tokens = {"input_tokens": read - cached, "output_tokens": written}
    return {**tokens, "cache_read_input_tokens": cached, "cache_creation_input_tokens": 0}


def _reply_blocks(reply: Reply) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """The events of each content block."""
    if reply.thoughts:
        yield _thinking(reply.thoughts)
    yield _words(reply.text)
    for call in reply.calls:
        yield _call(call)


def _thinking(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield _start(type="thinking", thinking="", signature="")
    yield from (_delta(type="thinking_delta", thinking=piece) for piece in pieces(text))
    yield _delta(type="signature_delta", signature=SIGNATURE)


def _words(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield _start(type="text", text="")
    yield from (_delta(type="text_delta", text=piece) for piece in pieces(text))


def _call(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    yield _start(type="tool_use", id=call.id, name=call.name, input={})
    text = json.dumps(call.arguments, ensure_ascii=False)
    for position in range(0, len(text), 8):
        yield _delta(type="input_json_delta", partial_json=text[position : position + 8])


def _start(**block: Any) -> tuple[str, dict[str, Any]]:
    return "content_block_start", {"content_block": block}


def _delta(**delta: Any) -> tuple[str, dict[str, Any]]:
    return "content_block_delta", {"delta": delta}


def error_frame(message: str) -> bytes:
    """An error within the stream."""
    return _event("error", error={"type": "api_error", "message": message})


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
