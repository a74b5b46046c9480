"""Amazon Bedrock's ConverseStream on the wire: JSON in, `application/vnd.amazon.eventstream` frames out.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import base64
import itertools
import json
import struct
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from starlette.responses import JSONResponse, Response

from .conversation import Call, Conversation, File, Message, Reply, pieces

PATHS = ["/model/{model_id:path}/converse-stream"]
MEDIA_TYPE = "application/vnd.amazon.eventstream"
REFUSALS = {
    "throttle": (429, "ThrottlingException"),
    "unavailable": (503, "ServiceUnavailableException"),
    "denied": (403, "AccessDeniedException"),
    "invalid": (400, "ValidationException"),
}
# What makes the model reason aloud: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
REASONING: dict[str, Any] = {"thinking": {"type": "adaptive"}}
SIGNATURE = "thought by a script"
DOCUMENTS = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def environment(url: str) -> dict[str, str | None]:
    """What points boto3's Bedrock client here, with credentials that are worth nothing anywhere else."""
    return {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
        "AWS_SESSION_TOKEN": None,
        "AWS_BEARER_TOKEN_BEDROCK": None,
        "AWS_PROFILE": None,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": None,
    }


def problem(body: dict[str, Any]) -> str | None:
    """What Bedrock would refuse: roles take turns, each call has its result next, and thoughts come back signed."""
    messages = body["messages"]
    roles = [message["role"] for message in messages]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2) or not roles:
        return f"A conversation must alternate between user and assistant roles, beginning with user: {roles}."
    for message, following in itertools.pairwise(messages):
        called = {block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block}
        answered = {block["toolResult"]["toolUseId"] for block in following["content"] if "toolResult" in block}
        if called != answered:
            return f"toolUse ids {sorted(called)} and the toolResult ids that follow, {sorted(answered)}, do not match."
    names = [block["document"]["name"] for message in messages for block in message["content"] if "document" in block]
    if len(names) > len(set(names)):
        return f"Documents must not have the same name: {sorted(names)}."
    if _reasons(body) and len(messages) > 1 and "toolResult" in messages[-1]["content"][0]:
        thoughts = messages[-2]["content"][0].get("reasoningContent", {}).get("reasoningText", {})
        if thoughts.get("signature") != SIGNATURE:
            return "With thinking, a message that calls tools must begin with its reasoningContent, signed as it was."
    return None


def _reasons(body: dict[str, Any]) -> bool:
    thinking = body.get("additionalModelRequestFields", {}).get("thinking", {})
    return thinking.get("type") in {"adaptive", "enabled"}


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form."""
    tools = body.get("toolConfig", {}).get("tools", [])
    names = [tool["toolSpec"]["name"] for tool in tools if "toolSpec" in tool]
    return Conversation([_message(message) for message in body["messages"]], names, _reasons(body))


def _message(message: dict[str, Any]) -> Message:
    content = message["content"]
    calls = [block["toolUse"] for block in content if "toolUse" in block]
    results = [block["toolResult"] for block in content if "toolResult" in block]
    return Message(
        role=message["role"],
        text="".join(block.get("text", "") for block in content),
        files=[file for block in content for file in _files(block)],
        calls=[Call(call["toolUseId"], call["name"], call["input"]) for call in calls],
        results={result["toolUseId"]: _text(result["content"]) for result in results},
    )


def _text(content: list[dict[str, Any]]) -> str:
    return "".join(block.get("text") or json.dumps(block.get("json", "")) for block in content)


def _files(block: dict[str, Any]) -> Iterator[File]:
    match block:
        case {"image": {"format": format, "source": {"bytes": data}}}:
            yield File(f"image/{format}", base64.b64decode(data))
        case {"document": {"format": format, "source": {"bytes": data}}}:
            yield File(DOCUMENTS[format], base64.b64decode(data))


def refusal(kind: str, message: str) -> Response:
    """An error before the stream."""
    status, code = REFUSALS[kind]
    return JSONResponse({"message": message}, status, headers={"x-amzn-errortype": code})


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as event-stream frames: a word of text, or a piece of a call's arguments, in each."""
    yield event("messageStart", {"role": "assistant"})
    for index, block in enumerate(_blocks(reply)):
        yield from (event(kind, {"contentBlockIndex": index, **payload}) for kind, payload in block)
        yield event("contentBlockStop", {"contentBlockIndex": index})
    yield from _end("tool_use" if reply.calls else "end_turn", usage)


def limit_frames() -> Iterator[bytes]:
    """The end of a text that has reached the model's output limit."""
    yield event("contentBlockStop", {"contentBlockIndex": 0})
    yield from _end("max_tokens", {"input": 1, "output": 1})


def _end(reason: str, usage: dict[str, int]) -> Iterator[bytes]:
    yield event("messageStop", {"stopReason": reason})
    yield event("metadata", {"usage": _usage(usage), "metrics": {"latencyMs": 1}})


def _usage(usage: dict[str, int]) -> dict[str, int]:
    """Bedrock counts tokens that it reads from its cache beside `inputTokens`, but within the total."""
    cached = usage["input"] // 2
    return {
        "inputTokens": usage["input"] - cached,
        "cacheReadInputTokens": cached,
        "outputTokens": usage["output"],
        "totalTokens": sum(usage.values()),
    }


def _blocks(reply: Reply) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """The events of each content block."""
    if reply.thoughts:
        yield _thoughts(reply.thoughts)
    yield (_delta({"text": piece}) for piece in pieces(reply.text))
    for call in reply.calls:
        yield _call(call)


def _thoughts(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from (_delta({"reasoningContent": {"text": piece}}) for piece in pieces(text))
    yield _delta({"reasoningContent": {"signature": SIGNATURE}})


def _call(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "contentBlockStart", {"start": {"toolUse": {"toolUseId": call.id, "name": call.name}}}
    text = json.dumps(call.arguments, ensure_ascii=False)
    for position in range(0, len(text), 8):
        yield _delta({"toolUse": {"input": text[position : position + 8]}})


def _delta(delta: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "contentBlockDelta", {"delta": delta}


def error_frame(message: str) -> bytes:
    """An error within the stream."""
    return _frame({":message-type": "exception", ":exception-type": "modelStreamErrorException"}, {"message": message})


def event(kind: str, payload: dict[str, Any]) -> bytes:
    """One frame of the stream."""
    return _frame({":message-type": "event", ":event-type": kind, ":content-type": "application/json"}, payload)


def _frame(headers: dict[str, str], payload: dict[str, Any]) -> bytes:
    head = b"".join(_header(name, value) for name, value in headers.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", len(head) + len(body) + 16, len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + body
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    string = 7
    return struct.pack(f"!B{len(name)}sBH", len(name), name.encode(), string, len(value)) + value.encode()
