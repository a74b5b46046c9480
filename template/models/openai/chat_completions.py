"""OpenAI's chat completions on the wire: JSON in, Server-Sent Events out.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from .conversation import Call, Conversation, File, Message, Reply, pieces

PATHS = ["/v1/chat/completions"]
MEDIA_TYPE = "text/event-stream"
REFUSALS = {
    "throttle": (429, "rate_limit_exceeded"),
    "unavailable": (503, "server_error"),
    "denied": (403, "permission_denied"),
    "invalid": (400, "invalid_request_error"),
}


def problem(body: dict[str, Any]) -> str | None:
    """What OpenAI would refuse in this history (each tool call has its result next), or what is not as it should be."""
    if not body.get("stream") or not body.get("stream_options", {}).get("include_usage"):
        return "`stream` must be true, and so must `stream_options.include_usage`: this agent counts its tokens."
    waiting: set[str] = set()
    for message in body["messages"]:
        if message["role"] == "tool" and message["tool_call_id"] in waiting:
            waiting.discard(message["tool_call_id"])
        elif message["role"] == "tool" or waiting:
            return f"Tool calls and the results that follow them do not match: {sorted(waiting)}, {message}."
        waiting |= {call["id"] for call in message.get("tool_calls") or []}
    return f"Tool calls without a result: {sorted(waiting)}." if waiting else None


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form: results that stand in a row are one message."""
    messages: list[Message] = []
    for message in body["messages"]:
        if message["role"] == "tool" and messages[-1].results:
            messages[-1].results.update(_results(message))
        elif message["role"] not in {"system", "developer"}:
            messages.append(_message(message))
    tools = [tool["function"]["name"] for tool in body.get("tools") or []]
    return Conversation(messages, tools, body.get("chat_template_kwargs", {}).get("enable_thinking", False))


def _message(message: dict[str, Any]) -> Message:
    if message["role"] == "tool":
        return Message("user", results=_results(message))
    calls = [
        Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in message.get("tool_calls") or []
    ]
    return Message(message["role"], _text(message.get("content")), _files(message.get("content")), calls)


def _results(message: dict[str, Any]) -> dict[str, str]:
    return {message["tool_call_id"]: _text(message["content"])}


def _text(content: str | list[dict[str, Any]] | None) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or [])


def _files(content: str | list[dict[str, Any]] | None) -> list[File]:
    parts = content if isinstance(content, list) else []
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return [_file(url) for url in [*urls, *(part["file"]["file_data"] for part in parts if part["type"] == "file")]]


def _file(data_url: str) -> File:
    head, _, data = data_url.partition(";base64,")
    return File(head.removeprefix("data:"), base64.b64decode(data))


def refusal(kind: str, message: str) -> Response:
    """An error before the stream."""
    status, code = REFUSALS[kind]
    return JSONResponse({"error": {"message": message, "type": code, "param": None, "code": code}}, status)


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as events: a word of text, or a piece of a call's arguments, in each."""
    yield _delta({"role": "assistant", "content": ""})
    yield from (_delta({"reasoning_content": piece}) for piece in pieces(reply.thoughts))
    yield from (_delta({"content": piece}) for piece in pieces(reply.text))
    for index, call in enumerate(reply.calls):
        yield from _call(index, call)
    yield from _end("tool_calls" if reply.calls else "stop", usage)


def limit_frames() -> Iterator[bytes]:
    """The end of a text that has reached the model's output limit."""
    yield from _end("length", {"input": 1, "output": 1})


def _end(reason: str, usage: dict[str, int]) -> Iterator[bytes]:
    yield _delta({}, reason)
    yield _chunk(choices=[], usage=_usage(usage))
    yield b"data: [DONE]\n\n"


def _call(index: int, call: Call) -> Iterator[bytes]:
    start = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
    yield _delta({"tool_calls": [{"index": index, **start}]})
    text = json.dumps(call.arguments, ensure_ascii=False)
    for position in range(0, len(text), 8):
        piece = {"index": index, "function": {"arguments": text[position : position + 8]}}
        yield _delta({"tool_calls": [piece]})


def _usage(usage: dict[str, int]) -> dict[str, Any]:
    """OpenAI counts cached tokens within the prompt's."""
    return {
        "prompt_tokens": usage["input"],
        "completion_tokens": usage["output"],
        "total_tokens": sum(usage.values()),
        "prompt_tokens_details": {"cached_tokens": usage["input"] // 2},
    }


def _delta(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    return _chunk(choices=[{"index": 0, "delta": delta, "finish_reason": finish_reason}])


def _chunk(**fields: Any) -> bytes:
    chunk = {"id": "chatcmpl-local", "object": "chat.completion.chunk", "created": 0, "model": "local", **fields}
    return _event(chunk)


def error_frame(message: str) -> bytes:
    """An error within the stream."""
    return _event({"error": {"message": message, "type": "server_error", "param": None, "code": None}})


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()
