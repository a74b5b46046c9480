"""Amazon Bedrock's ConverseStream on the wire: JSON in, `application/vnd.amazon.eventstream` frames out.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from starlette.responses import JSONResponse, Response

from .conversation import Block, Call, Conversation, File, Message, Reply, Text, Thoughts
from .prompt_cache import Prompt

PATHS = ["/model/{model_id:path}/converse-stream"]
MEDIA_TYPE = "application/vnd.amazon.eventstream"
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
ERRORS = {
    "throttle": (429, "ThrottlingException"),
    "unavailable": (503, "ServiceUnavailableException"),
    "internal": (500, "InternalServerException"),
    "failed": (424, "ModelStreamErrorException"),
    "denied": (403, "AccessDeniedException"),
    "invalid": (400, "ValidationException"),
    "too_long": (400, "ValidationException"),
}
# How a reply may end: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_MessageStopEvent.html
STOPS = {
    "complete": ("end_turn", "stop_sequence"),
    "calls": ("tool_use",),
    "too long": ("max_tokens", "model_context_window_exceeded"),
    "refused": ("guardrail_intervened", "content_filtered"),
    "malformed": ("malformed_model_output", "malformed_tool_use"),
}
# The ways to decline, and what else the models behind this wire do that those behind others do not.
REFUSALS = (
    Reply((Text(("I cannot ", "say.")),), stop="guardrail_intervened"),
    Reply((), stop="content_filtered"),
)
# What a guardrail says to a question in which FORBIDDEN stands, and what its trace tells of it:
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailTraceAssessment.html
FORBIDDEN = "forbidden"
WORDS = {"customWords": [{"match": FORBIDDEN, "action": "BLOCKED"}], "managedWordLists": []}
TRACE = {"guardrail": {"inputAssessment": {"local": {"wordPolicy": WORDS}}}}
ODDITIES = {"signed thoughts", "unsigned thoughts", "hidden thoughts", "arguments as text", "no total", "no usage"}
# What makes the model reason aloud: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
REASONING: dict[str, Any] = {"thinking": {"type": "adaptive"}}
SIGNATURE = "thought by a script"
SECRET = b"thought in secret"
LOOKBACK = 20  # https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html, "simplified cache management"
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


def reasons(body: dict[str, Any]) -> bool:
    """Whether the model is asked to think aloud."""
    thinking = body.get("additionalModelRequestFields", {}).get("thinking", {})
    return thinking.get("type") in {"adaptive", "enabled"}


def conversation(body: dict[str, Any]) -> Conversation:
    """The request in no provider's form."""
    tools = body.get("toolConfig", {}).get("tools", [])
    specs = [tool["toolSpec"] for tool in tools if "toolSpec" in tool]
    schemas = {spec["name"]: spec["inputSchema"]["json"] for spec in specs}
    messages = [_message(message) for message in body["messages"]]
    return Conversation(messages, schemas, reasons(body), _blocked(messages, body.get("guardrailConfig", {})))


def _blocked(messages: list[Message], guardrail: dict[str, Any]) -> Reply | None:
    if not guardrail or not any(FORBIDDEN in message.text for message in messages):
        return None
    details = {"trace": TRACE} if guardrail.get("trace", "disabled") != "disabled" else {}
    return Reply((Text(("A guardrail ", "blocked this.")),), "guardrail_intervened", details)


def prompt(body: dict[str, Any]) -> Prompt:
    """What the model reads, in the order of https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html."""
    tools, system = body.get("toolConfig", {}).get("tools", []), body.get("system", [])
    found = Prompt([], [])
    for block in [*tools, *system, *(block for message in body["messages"] for block in message["content"])]:
        if "cachePoint" in block:
            found.points.append(len(found.blocks))
        else:
            found.blocks.append(block)
    return found


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
    status, code = ERRORS[kind]
    return JSONResponse({"message": message}, status, headers={"x-amzn-errortype": code})


def frames(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    """The reply as event-stream frames: a piece of text, or of a call's arguments, in each."""
    yield event("messageStart", {"role": "assistant"})
    yield from reply.streamed(_block)
    yield event("messageStop", {"stopReason": reply.stop or ("tool_use" if reply.calls else "end_turn")})
    if reply.usage != "none":
        tokens = _usage(usage)
        if reply.usage == "no total":
            del tokens["totalTokens"]
        yield event("metadata", {"usage": tokens, "metrics": {"latencyMs": 1}, **reply.details})


def limit_frames() -> Iterator[bytes]:
    """The end of a text that has reached the model's output limit."""
    yield event("contentBlockStop", {"contentBlockIndex": 0})
    yield event("messageStop", {"stopReason": "max_tokens"})
    usage = _usage({"input": 1, "read": 0, "written": 0, "output": 1})
    yield event("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})


def _usage(usage: dict[str, int]) -> dict[str, int]:
    """Bedrock counts tokens of its cache beside `inputTokens`, but within the total."""
    return {
        "inputTokens": usage["input"] - usage["read"] - usage["written"],
        "cacheReadInputTokens": usage["read"],
        "cacheWriteInputTokens": usage["written"],
        "outputTokens": usage["output"],
        "totalTokens": usage["input"] + usage["output"],
    }


def _block(index: int, block: Block) -> Iterator[bytes]:
    if isinstance(block, Call):
        start = {"toolUse": {"toolUseId": block.id, "name": block.name}}
        yield event("contentBlockStart", {"contentBlockIndex": index, "start": start})
    for delta in _deltas(block):
        yield event("contentBlockDelta", {"contentBlockIndex": index, "delta": delta})
    yield event("contentBlockStop", {"contentBlockIndex": index})


def _deltas(block: Block) -> Iterator[dict[str, Any]]:
    match block:
        case Text():
            yield from ({"text": piece} for piece in block.pieces)
        case Call():
            yield from ({"toolUse": {"input": piece}} for piece in block.pieces)
        case Thoughts(hidden=True):
            halves = (SECRET[:9], SECRET[9:])
            yield from ({"reasoningContent": {"redactedContent": base64.b64encode(half).decode()}} for half in halves)
        case Thoughts():
            yield from ({"reasoningContent": {"text": piece}} for piece in block.pieces)
            if block.signed:
                yield {"reasoningContent": {"signature": SIGNATURE}}


def error_frame(kind: str, message: str) -> bytes:
    """An error within the stream."""
    code = ERRORS[kind][1]
    name = code[:1].lower() + code[1:]
    return _frame({":message-type": "exception", ":exception-type": name}, {"message": message})


def garbled_frame() -> bytes:
    """A frame whose checksum is wrong."""
    return event("contentBlockStop", {"contentBlockIndex": 0})[:-4] + b"\0\0\0\0"


def news_frame() -> bytes:
    """An event of a kind that came after this client."""
    return event("contentBlockNews", {"news": "none"})


def event(kind: str, payload: dict[str, Any]) -> bytes:
    """One frame of the stream."""
    return _frame({":message-type": "event", ":event-type": kind, ":content-type": "application/json"}, payload)


def _frame(headers: dict[str, str], payload: dict[str, Any]) -> bytes:
    head = b"".join(_header(name, value) for name, value in headers.items())
    # A lone surrogate has no UTF-8: it is written as JSON escapes it.
    body = json.dumps(payload, ensure_ascii=False).encode(errors="backslashreplace")
    prelude = struct.pack("!II", len(head) + len(body) + 16, len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + body
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    string = 7
    return struct.pack(f"!B{len(name)}sBH", len(name), name.encode(), string, len(value)) + value.encode()
