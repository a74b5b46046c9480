"""Amazon Bedrock's ConverseStream on the wire: JSON in, `application/vnd.amazon.eventstream` frames out.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import itertools
import json
import struct
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from starlette.responses import JSONResponse, Response

from .conversation import Call, Conversation, Message, Reply

PATHS = ["/model/{model_id:path}/converse-stream"]
MEDIA_TYPE = "application/vnd.amazon.eventstream"
REFUSALS = {
    "throttle": (429, "ThrottlingException"),
    "unavailable": (503, "ServiceUnavailableException"),
    "denied": (403, "AccessDeniedException"),
    "invalid": (400, "ValidationException"),
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
    """What Bedrock would refuse in this history: roles take turns, and each tool call has its result next."""
    messages = body["messages"]
    roles = [message["role"] for message in messages]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2) or not roles:
        return f"A conversation must alternate between user and assistant roles, beginning with user: {roles}."
    for message, following in itertools.pairwise(messages):
        called = {block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block}
        answered = {block["toolResult"]["toolUseId"] for block in following["content"] if "toolResult" in block}
        if called != answered:
            return f"toolUse ids {sorted(called)} and the toolResult ids that follow, {sorted(answered)}, do not match."
    return None


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form."""
    tools = body.get("toolConfig", {}).get("tools", [])
    names = [tool["toolSpec"]["name"] for tool in tools if "toolSpec" in tool]
    return Conversation([_message(message) for message in body["messages"]], names)


def _message(message: dict[str, Any]) -> Message:
    content = message["content"]
    calls = [block["toolUse"] for block in content if "toolUse" in block]
    results = [block["toolResult"] for block in content if "toolResult" in block]
    return Message(
        role=message["role"],
        text="".join(block.get("text", "") for block in content),
        calls=[Call(call["toolUseId"], call["name"], call["input"]) for call in calls],
        results={result["toolUseId"]: _text(result["content"]) for result in results},
    )


def _text(content: list[dict[str, Any]]) -> str:
    return "".join(block.get("text") or json.dumps(block.get("json", "")) for block in content)


def refusal(kind: str, message: str) -> Response:
    """An error before the stream."""
    status, code = REFUSALS[kind]
    return JSONResponse({"message": message}, status, headers={"x-amzn-errortype": code})


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as event-stream frames: a word of text, or a piece of a call's arguments, in each."""
    yield event("messageStart", {"role": "assistant"})
    yield from _text_block(reply.text)
    for index, call in enumerate(reply.calls, start=1):
        yield from _call_block(index, call)
    yield event("messageStop", {"stopReason": "tool_use" if reply.calls else "end_turn"})
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


def _text_block(text: str) -> Iterator[bytes]:
    for word in text.splitlines(keepends=True):
        for piece in _words(word):
            yield event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
    yield event("contentBlockStop", {"contentBlockIndex": 0})


def _words(line: str) -> Iterator[str]:
    first, *others = line.split(" ")
    yield first
    yield from (f" {word}" for word in others)


def _call_block(index: int, call: Call) -> Iterator[bytes]:
    start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
    yield event("contentBlockStart", {"contentBlockIndex": index, "start": start})
    text = json.dumps(call.arguments, ensure_ascii=False)
    for position in range(0, len(text), 8):
        delta = {"toolUse": {"input": text[position : position + 8]}}
        yield event("contentBlockDelta", {"contentBlockIndex": index, "delta": delta})
    yield event("contentBlockStop", {"contentBlockIndex": index})


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
