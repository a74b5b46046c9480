"""Gemini's streamGenerateContent on the wire: JSON in, Server-Sent Events out.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
"""

import base64
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from .conversation import Block, Call, Conversation, File, Message, Reply, Text, Thoughts
from .prompt_cache import Prompt

PATHS = ["/{version}/models/{model_id}:streamGenerateContent"]
MEDIA_TYPE = "text/event-stream"
# https://ai.google.dev/gemini-api/docs/troubleshooting
ERRORS = {
    "throttle": (429, "RESOURCE_EXHAUSTED"),
    "unavailable": (503, "UNAVAILABLE"),
    "internal": (500, "INTERNAL"),
    "failed": (500, "INTERNAL"),
    "denied": (403, "PERMISSION_DENIED"),
    "invalid": (400, "INVALID_ARGUMENT"),
    "too_long": (400, "INVALID_ARGUMENT"),
}
LOOKBACK = 10_000  # Gemini caches by itself, from the beginning: https://ai.google.dev/gemini-api/docs/caching
# How a reply may end: https://ai.google.dev/api/generate-content#FinishReason
STOPS = {
    "complete": ("STOP",),
    "calls": ("STOP",),
    "too long": ("MAX_TOKENS",),
    "refused": ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
    "malformed": ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "LANGUAGE", "OTHER"),
}
# The ways to decline, and what else the models behind this wire do that those behind others do not.
REFUSALS = (
    Reply((), details={"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
    Reply((Text(("I cannot ",)),), stop="SAFETY"),
    Reply((), stop="RECITATION"),
)
ODDITIES = {"signed thoughts", "unsigned thoughts", "no usage", "no ids"}
# What makes the model reason aloud: https://ai.google.dev/gemini-api/docs/thinking, https://ai.google.dev/gemini-api/docs/thought-signatures
REASONING: dict[str, Any] = {"thinkingConfig": {"includeThoughts": True}}
SIGNATURE = base64.b64encode(b"thought by a script").decode()


def environment(url: str) -> dict[str, str | None]:
    """What points Google's client here, with a key that is worth nothing anywhere else."""
    vertex = dict.fromkeys(("GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"))
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "offline", **vertex}


def reasons(body: dict[str, Any]) -> bool:
    """Whether the model is asked to think aloud."""
    thinking = field(body.get("generationConfig", {}), "thinkingConfig") or {}
    return bool(field(thinking, "includeThoughts"))


def field(holder: dict[str, Any], name: str) -> Any:
    """A field by its name in JSON or in snake case: Gemini takes both, and Google's client mixes them."""
    return holder.get(name, holder.get(re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)))


def turns(body: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The role and the parts of each turn: what stands in a row by one role is one turn."""
    rows = itertools.groupby(body["contents"], key=lambda content: content.get("role") or "user")
    return [(role, [part for content in row for part in content["parts"]]) for role, row in rows]


def prompt(body: dict[str, Any]) -> Prompt:
    """What the model reads: all of it may be kept."""
    found = [*(body.get("tools") or []), field(body, "systemInstruction")]
    found += [part for _, row in turns(body) for part in row]
    return Prompt(found, [len(found)])


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form. Gemini's ids are optional: a response without one is the next call's."""
    messages: list[Message] = []
    for role, parts in turns(body):
        text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
        if role == "model":
            calls = [part["functionCall"] for part in parts if "functionCall" in part]
            number = sum(len(message.calls) for message in messages)
            messages.append(Message("assistant", text, calls=[_call(*call) for call in enumerate(calls, number)]))
        else:
            results = _results(messages[-1].calls if messages else [], parts)
            messages.append(Message("user", text, _files(parts), results=results))
    tools = [tool for group in body.get("tools") or [] for tool in group.get("functionDeclarations", [])]
    schemas = {tool["name"]: field(tool, "parametersJsonSchema") or field(tool, "parameters") for tool in tools}
    return Conversation(messages, schemas, reasons(body))


def _call(number: int, call: dict[str, Any]) -> Call:
    return Call(call.get("id") or f"call-{number}", call["name"], call.get("args", {}))


def _files(parts: list[dict[str, Any]]) -> list[File]:
    files = [part["inlineData"] for part in parts if "inlineData" in part]
    # Google's client writes base64 with the alphabet for URLs.
    return [File(field(file, "mimeType"), base64.b64decode(file["data"], altchars="-_")) for file in files]


def _results(calls: list[Call], parts: list[dict[str, Any]]) -> dict[str, str]:
    waiting = list(calls)
    results = {}
    for response in (part["functionResponse"] for part in parts if "functionResponse" in part):
        matches = (call for call in waiting if response.get("id", call.id) == call.id and response["name"] == call.name)
        call = next(matches)
        waiting.remove(call)
        results[call.id] = _text(response["response"])
    return results


def _text(value: Any) -> str:
    """Gemini takes objects only: frameworks wrap what a tool returned, each in its own way."""
    while isinstance(value, dict | list) and len(value) == 1:
        (value,) = value.values() if isinstance(value, dict) else value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def refusal(kind: str, message: str) -> Response:
    """An error before the stream."""
    return JSONResponse({"error": _error(kind, message)}, ERRORS[kind][0])


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as events: a piece of text, or a whole call, in each; a prompt that is blocked has no candidate."""
    tokens = {"usageMetadata": _usage(usage, len(reply.thoughts.split()))} if reply.usage != "none" else {}
    if "promptFeedback" in reply.details:
        yield _event(**reply.details, **tokens)
        return
    for parts in _events(reply):
        yield _event(candidates=[_candidate(parts)])
    yield _event(candidates=[{"index": 0, "finishReason": reply.stop or "STOP", **reply.details}], **tokens)


def limit_frames() -> Iterator[bytes]:
    """The end of a text that has reached the model's output limit."""
    last = {"index": 0, "finishReason": "MAX_TOKENS"}
    yield _event(candidates=[last], usageMetadata=_usage({"input": 1, "read": 0, "output": 1}, 0))


def _events(reply: Reply) -> Iterator[list[dict[str, Any]]]:
    """The parts of each event: a call is one part, and calls at the same time are in one event."""
    signed = any(isinstance(block, Thoughts) and block.signed for block in reply.blocks)
    for kind, row in itertools.groupby(reply.blocks, key=type):
        parts = [part for block in row for part in _parts(block)]
        if kind is Call and signed:
            parts[0]["thoughtSignature"], signed = SIGNATURE, False
        yield from [parts] if kind is Call and reply.interleaved else ([part] for part in parts)


def _parts(block: Block) -> Iterator[dict[str, Any]]:
    match block:
        case Text():
            yield from ({"text": piece} for piece in block.pieces)
        case Thoughts(hidden=False):
            yield from ({"text": piece, "thought": True} for piece in block.pieces)
        case Call():
            arguments = {} if block.written == () else {"args": block.arguments}
            named = {"id": block.id} if block.id else {}
            yield {"functionCall": {**named, "name": block.name, **arguments}}


def _candidate(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"index": 0, "content": {"role": "model", "parts": parts}}


def _usage(usage: dict[str, int], thoughts: int) -> dict[str, int]:
    """Gemini counts cached tokens within the prompt's, and thoughts beside the answer's."""
    return {
        "promptTokenCount": usage["input"],
        "cachedContentTokenCount": usage["read"],
        "candidatesTokenCount": usage["output"] - thoughts,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": usage["input"] + usage["output"],
    }


def error_frame(kind: str, message: str) -> bytes:
    """An error within the stream."""
    return _event(error=_error(kind, message))


def garbled_frame() -> bytes:
    """An event whose JSON breaks off."""
    return b'data: {"candidates": [{"conte\r\n\r\n'


def news_frame() -> bytes:
    """An event without a candidate, with a field that came after this client."""
    return _event(news="none")


def _error(kind: str, message: str) -> dict[str, Any]:
    status, code = ERRORS[kind]
    return {"code": status, "message": message, "status": code}


def _event(**fields: Any) -> bytes:
    # A lone surrogate has no UTF-8: it is written as JSON escapes it.
    return f"data: {json.dumps(fields, ensure_ascii=False)}\r\n\r\n".encode(errors="backslashreplace")
