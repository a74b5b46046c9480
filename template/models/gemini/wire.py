"""Gemini's streamGenerateContent on the wire: JSON in, Server-Sent Events out.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from .conversation import Call, Conversation, Message, Reply

PATHS = ["/{version}/models/{model_id}:streamGenerateContent"]
MEDIA_TYPE = "text/event-stream"
REFUSALS = {
    "throttle": (429, "RESOURCE_EXHAUSTED"),
    "unavailable": (503, "UNAVAILABLE"),
    "denied": (403, "PERMISSION_DENIED"),
    "invalid": (400, "INVALID_ARGUMENT"),
}


def environment(url: str) -> dict[str, str | None]:
    """What points Google's client here, with a key that is worth nothing anywhere else."""
    vertex = dict.fromkeys(("GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"))
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "offline", **vertex}


def problem(body: dict[str, Any]) -> str | None:
    """What Gemini would refuse in this history: the calls of a turn have their responses in the next."""
    turns = _turns(body)
    if turns[0][0] != "user":
        return "The first turn must be the user's."
    for (_, parts), (_, following) in itertools.pairwise([*turns, ("user", [])]):
        called = [part["functionCall"]["name"] for part in parts if "functionCall" in part]
        answered = [part["functionResponse"]["name"] for part in following if "functionResponse" in part]
        if sorted(called) != sorted(answered):
            return f"The function calls {called} do not match the function responses that follow, {answered}."
    return None


def _turns(body: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The role and the parts of each turn: what stands in a row by one role is one turn."""
    rows = itertools.groupby(body["contents"], key=lambda content: "model" if content["role"] == "model" else "user")
    return [(role, [part for content in row for part in content["parts"]]) for role, row in rows]


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form. Gemini's ids are optional: a response without one is the next call's."""
    messages: list[Message] = []
    for role, parts in _turns(body):
        text = "".join(part.get("text", "") for part in parts)
        if role == "model":
            calls = [part["functionCall"] for part in parts if "functionCall" in part]
            numbered = enumerate(calls, start=sum(len(message.calls) for message in messages))
            named = [Call(call.get("id") or f"call-{number}", call["name"], call["args"]) for number, call in numbered]
            messages.append(Message("assistant", text, named))
        else:
            messages.append(Message("user", text, results=_results(messages[-1].calls if messages else [], parts)))
    tools = [tool for group in body.get("tools") or [] for tool in group.get("functionDeclarations", [])]
    return Conversation(messages, [tool["name"] for tool in tools])


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
    status, code = REFUSALS[kind]
    return JSONResponse({"error": {"code": status, "message": message, "status": code}}, status)


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as events: a word of text, or a whole call, in each."""
    for line in reply.text.splitlines(keepends=True):
        first, *others = line.split(" ")
        for piece in [first, *(f" {word}" for word in others)]:
            yield _event(candidates=[_candidate({"text": piece})])
    for call in reply.calls:
        yield _event(candidates=[_candidate({"functionCall": _call(call)})])
    yield _event(candidates=[_candidate({"text": ""}) | {"finishReason": "STOP"}], usageMetadata=_usage(usage))


def _call(call: Call) -> dict[str, Any]:
    return {"id": call.id, "name": call.name, "args": call.arguments}


def _candidate(part: dict[str, Any]) -> dict[str, Any]:
    return {"index": 0, "content": {"role": "model", "parts": [part]}}


def _usage(usage: dict[str, int]) -> dict[str, int]:
    """Gemini counts cached tokens within the prompt's."""
    return {
        "promptTokenCount": usage["input"],
        "cachedContentTokenCount": usage["input"] // 2,
        "candidatesTokenCount": usage["output"],
        "totalTokenCount": sum(usage.values()),
    }


def error_frame(message: str) -> bytes:
    """An error within the stream."""
    return _event(error={"code": 500, "message": message, "status": "INTERNAL"})


def _event(**fields: Any) -> bytes:
    return f"data: {json.dumps(fields)}\r\n\r\n".encode()
