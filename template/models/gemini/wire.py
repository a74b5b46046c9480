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

from .conversation import Call, Conversation, File, Message, Reply, pieces

PATHS = ["/{version}/models/{model_id}:streamGenerateContent"]
MEDIA_TYPE = "text/event-stream"
REFUSALS = {
    "throttle": (429, "RESOURCE_EXHAUSTED"),
    "unavailable": (503, "UNAVAILABLE"),
    "denied": (403, "PERMISSION_DENIED"),
    "invalid": (400, "INVALID_ARGUMENT"),
}
# What makes the model reason aloud: https://ai.google.dev/gemini-api/docs/thinking, https://ai.google.dev/gemini-api/docs/thought-signatures
REASONING: dict[str, Any] = {"thinkingConfig": {"includeThoughts": True}}
SIGNATURE = base64.b64encode(b"thought by a script").decode()


def environment(url: str) -> dict[str, str | None]:
    """What points Google's client here, with a key that is worth nothing anywhere else."""
    vertex = dict.fromkeys(("GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"))
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "offline", **vertex}


def problem(body: dict[str, Any]) -> str | None:
    """What Gemini would refuse: calls have their responses in the next turn, and thoughts come back signed."""
    turns = _turns(body)
    if turns[0][0] != "user":
        return "The first turn must be the user's."
    for (_, parts), (_, following) in itertools.pairwise([*turns, ("user", [])]):
        called = [part["functionCall"]["name"] for part in parts if "functionCall" in part]
        answered = [part["functionResponse"]["name"] for part in following if "functionResponse" in part]
        if sorted(called) != sorted(answered):
            return f"The function calls {called} do not match the function responses that follow, {answered}."
    calls = [part for _, parts in turns[-2:] for part in parts if "functionCall" in part]
    if _reasons(body) and calls and _field(calls[0], "thoughtSignature") != SIGNATURE:
        return f"Function call {calls[0]['functionCall']['name']} is missing a thought_signature."
    return None


def _reasons(body: dict[str, Any]) -> bool:
    thinking = _field(body.get("generationConfig", {}), "thinkingConfig") or {}
    return bool(_field(thinking, "includeThoughts"))


def _field(holder: dict[str, Any], name: str) -> Any:
    """A field by its name in JSON or in snake case: Gemini takes both, and Google's client mixes them."""
    return holder.get(name, holder.get(re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)))


def _turns(body: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The role and the parts of each turn: what stands in a row by one role is one turn."""
    rows = itertools.groupby(body["contents"], key=lambda content: "model" if content["role"] == "model" else "user")
    return [(role, [part for content in row for part in content["parts"]]) for role, row in rows]


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form. Gemini's ids are optional: a response without one is the next call's."""
    messages: list[Message] = []
    for role, parts in _turns(body):
        text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
        if role == "model":
            calls = [part["functionCall"] for part in parts if "functionCall" in part]
            numbered = enumerate(calls, start=sum(len(message.calls) for message in messages))
            named = [Call(call.get("id") or f"call-{number}", call["name"], call["args"]) for number, call in numbered]
            messages.append(Message("assistant", text, calls=named))
        else:
            results = _results(messages[-1].calls if messages else [], parts)
            messages.append(Message("user", text, _files(parts), results=results))
    tools = [tool for group in body.get("tools") or [] for tool in group.get("functionDeclarations", [])]
    return Conversation(messages, [tool["name"] for tool in tools], _reasons(body))


def _files(parts: list[dict[str, Any]]) -> list[File]:
    files = [part["inlineData"] for part in parts if "inlineData" in part]
    # Google's client writes base64 with the alphabet for URLs.
    return [File(_field(file, "mimeType"), base64.b64decode(file["data"], altchars="-_")) for file in files]


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
    for piece in pieces(reply.thoughts):
        yield _event(candidates=[_candidate({"text": piece, "thought": True})])
    for piece in pieces(reply.text):
        yield _event(candidates=[_candidate({"text": piece})])
    for number, call in enumerate(reply.calls):
        signed = {"thoughtSignature": SIGNATURE} if reply.thoughts and number == 0 else {}
        yield _event(candidates=[_candidate({"functionCall": _call(call), **signed})])
    yield _end("STOP", usage, thoughts=len(reply.thoughts.split()))


def limit_frames() -> Iterator[bytes]:
    """The end of a text that has reached the model's output limit."""
    yield _end("MAX_TOKENS", {"input": 1, "output": 1})


def _end(reason: str, usage: dict[str, int], thoughts: int = 0) -> bytes:
    last = _candidate({"text": ""}) | {"finishReason": reason}
    return _event(candidates=[last], usageMetadata=_usage(usage, thoughts))


def _call(call: Call) -> dict[str, Any]:
    return {"id": call.id, "name": call.name, "args": call.arguments}


def _candidate(part: dict[str, Any]) -> dict[str, Any]:
    return {"index": 0, "content": {"role": "model", "parts": [part]}}


def _usage(usage: dict[str, int], thoughts: int) -> dict[str, int]:
    """Gemini counts cached tokens within the prompt's, and thoughts beside the answer's."""
    return {
        "promptTokenCount": usage["input"],
        "cachedContentTokenCount": usage["input"] // 2,
        "candidatesTokenCount": usage["output"] - thoughts,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": sum(usage.values()),
    }


def error_frame(message: str) -> bytes:
    """An error within the stream."""
    return _event(error={"code": 500, "message": message, "status": "INTERNAL"})


def _event(**fields: Any) -> bytes:
    return f"data: {json.dumps(fields)}\r\n\r\n".encode()
