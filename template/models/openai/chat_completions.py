"""OpenAI's chat completions on the wire: JSON in, Server-Sent Events out.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from .conversation import Block, Call, Conversation, File, Message, Reply, Text, Thoughts
from .prompt_cache import Prompt

PATHS = ["/v1/chat/completions"]
MEDIA_TYPE = "text/event-stream"
# https://platform.openai.com/docs/guides/error-codes
ERRORS = {
    "throttle": (429, "rate_limit_exceeded"),
    "unavailable": (503, "server_error"),
    "internal": (500, "server_error"),
    "failed": (500, "server_error"),
    "denied": (403, "permission_denied"),
    "invalid": (400, "invalid_request_error"),
    "too_long": (400, "context_length_exceeded"),
}
LOOKBACK = 10_000  # these servers cache by themselves, from the beginning: https://platform.openai.com/docs/guides/prompt-caching
# How a reply may end: https://platform.openai.com/docs/api-reference/chat-streaming/streaming
STOPS = {
    "complete": ("stop",),
    "calls": ("tool_calls",),
    "too long": ("length",),
    "refused": ("content_filter",),
    "malformed": (),
}
# The ways to decline.
REFUSALS = (
    Reply((Text(("I cannot ", "say."), refuses=True),)),
    Reply((Text(("I cannot ",)),), stop="content_filter"),
    Reply((), stop="content_filter"),
)


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form: results that stand in a row are one message."""
    messages: list[Message] = []
    for message in body["messages"]:
        if message["role"] == "tool" and messages[-1].results:
            messages[-1].results.update(_results(message))
        elif message["role"] not in {"system", "developer"}:
            messages.append(_message(message))
    functions = [tool["function"] for tool in body.get("tools") or []]
    tools = {function["name"]: function.get("parameters", {}) for function in functions}
    return Conversation(messages, tools, body.get("chat_template_kwargs", {}).get("enable_thinking", False))


def prompt(body: dict[str, Any]) -> Prompt:
    """What the model reads: all of it may be kept."""
    found = [*(body.get("tools") or []), *body["messages"]]
    return Prompt(found, [len(found)])


def _message(message: dict[str, Any]) -> Message:
    if message["role"] == "tool":
        return Message("user", results=_results(message))
    called = [(call["id"], call["function"]) for call in message.get("tool_calls") or []]
    calls = [Call(id, function["name"], _json(function["arguments"])) for id, function in called]
    return Message(message["role"], _text(message.get("content")), _files(message.get("content")), calls)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


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
    status, code = ERRORS[kind]
    type = "invalid_request_error" if status == 400 else code
    return JSONResponse({"error": {"message": message, "type": type, "param": None, "code": code}}, status)


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as events: a piece of text, or of a call's arguments, in each."""
    yield _delta({"role": "assistant", "content": ""})
    yield from reply.streamed(lambda index, block: _block(len(Reply(reply.blocks[:index]).calls), block))
    yield _delta({}, reply.stop or ("tool_calls" if reply.calls else "stop"))
    if reply.usage != "none":
        yield _chunk(choices=[], usage=_usage(usage, len(reply.thoughts.split())))
    yield b"data: [DONE]\n\n"


def limit_frames() -> Iterator[bytes]:
    """The end of a text that has reached the model's output limit."""
    yield _delta({}, "length")
    yield _chunk(choices=[], usage=_usage({"input": 1, "read": 0, "output": 1}, 0))
    yield b"data: [DONE]\n\n"


def _block(number: int, block: Block) -> Iterator[bytes]:
    match block:
        case Text():
            yield from (_delta({"refusal" if block.refuses else "content": piece}) for piece in block.pieces)
        case Thoughts(hidden=False):
            yield from (_delta({"reasoning_content": piece}) for piece in block.pieces)
        case Call():
            pieces = list(block.pieces)
            first = pieces.pop() if len(pieces) == 1 else ""  # a short call comes whole
            start = {"id": block.id, "type": "function", "function": {"name": block.name, "arguments": first}}
            yield _delta({"tool_calls": [{"index": number, **start}]})
            for piece in pieces:
                yield _delta({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})


def _usage(usage: dict[str, int], thoughts: int) -> dict[str, Any]:
    """OpenAI counts cached tokens within the prompt's, and thoughts within the completion's."""
    return {
        "prompt_tokens": usage["input"],
        "completion_tokens": usage["output"],
        "total_tokens": usage["input"] + usage["output"],
        "prompt_tokens_details": {"cached_tokens": usage["read"]},
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }


def _delta(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    return _chunk(choices=[{"index": 0, "delta": delta, "finish_reason": finish_reason}])


def _chunk(**fields: Any) -> bytes:
    chunk = {"id": "chatcmpl-local", "object": "chat.completion.chunk", "created": 0, "model": "local", **fields}
    return _event(chunk)


def error_frame(kind: str, message: str) -> bytes:
    """An error within the stream."""
    return _event({"error": {"message": message, "type": ERRORS[kind][1], "param": None, "code": ERRORS[kind][1]}})


def garbled_frame() -> bytes:
    """An event whose JSON breaks off."""
    return b'data: {"id": "chatcmpl-local", "choi\n\n'


def news_frame() -> bytes:
    """A sign of life, and a chunk without a choice, with a field that came after this client."""
    return b": alive\n\n" + _chunk(choices=[], news="none")


def _event(data: dict[str, Any]) -> bytes:
    # A lone surrogate has no UTF-8: it is written as JSON escapes it.
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode(errors="backslashreplace")
