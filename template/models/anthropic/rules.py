"""What Anthropic's messages API refuses, with the words it has for it.

The shapes are those of Anthropic's own client; what stands beside them is said in
https://platform.claude.com/docs/en/api/messages, …/agents-and-tools/tool-use/implement-tool-use,
…/build-with-claude/vision and …/build-with-claude/extended-thinking.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from anthropic.types import ContentBlockParam
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from pydantic import ConfigDict, TypeAdapter, ValidationError

from .wire import SECRET, SIGNATURE, blocks, cacheable, reasons

Body = dict[str, Any]
STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class Request(MessageCreateParamsStreaming, total=False):
    """A request without a field that the API does not know: those named here are for older models."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    temperature: float
    top_p: float
    top_k: int


REQUEST = TypeAdapter(Request)
# In a request's type, a block may also be one of an answer, which takes any field.
BLOCK: TypeAdapter[Any] = TypeAdapter(ContentBlockParam, config=STRICT)
ID = re.compile(r"[a-zA-Z0-9_-]+")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
PARAMETER = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
RANGES = {"max_tokens": (1, 128_000), "temperature": (0, 1), "top_p": (0, 1), "top_k": (0, 2**31)}
NOT_FROM = {"user": {"tool_use", "thinking", "redacted_thinking"}, "assistant": {"tool_result", "image", "document"}}
MOST_FILES, FILE_CHARACTERS = 100, 5 * 2**20
MOST_CACHE_POINTS = 4


{% include 'template/models/http/reference.py' %}


{% include 'template/models/http/lazy.py' %}


def too_long(tokens: int, limit: int) -> str:
    """What Anthropic says of a conversation that does not fit into the model's context."""
    return f"prompt is too long: {tokens} tokens > {limit} maximum"


def _shape(body: Body) -> Iterator[str]:
    try:
        _read_all(REQUEST.validate_python(body))
        for message in body["messages"]:
            _read_all([BLOCK.validate_python(block) for block in blocks(message)])
    except ValidationError as error:
        yield _complaint(error)
    if not body["stream"]:
        yield "stream: the local model only streams."


def _ranges(body: Body) -> Iterator[str]:
    for name, (least, most) in RANGES.items():
        if not least <= body.get(name, least) <= most:
            yield f"{name}: Input should be between {least} and {most}"
    if reasons(body) and body.get("temperature", 1) != 1:
        yield "`temperature` may only be set to 1 when thinking is enabled."
    if reasons(body) and body["thinking"].get("budget_tokens", 0) >= body["max_tokens"]:
        yield "`max_tokens` must be greater than `thinking.budget_tokens`."


def _turns(body: Body) -> list[tuple[str, list[dict[str, Any]]]]:
    """The role and the content of each turn: messages in a row by one role are one turn."""
    rows = itertools.groupby(body["messages"], key=lambda message: message["role"])
    return [(role, [block for message in row for block in blocks(message)]) for role, row in rows]


def _roles(body: Body) -> Iterator[str]:
    roles = [message["role"] for message in body["messages"]]
    if roles[:1] != ["user"]:
        yield "messages: first message must use the user role, and at least one message is required"
    if roles[-1:] != ["user"]:
        yield "This model does not support assistant message prefill. The conversation must end with a user message."


def _content(body: Body) -> Iterator[str]:
    for number, message in enumerate(body["messages"]):
        if not message["content"]:
            yield f"messages.{number}: all messages must have non-empty content"
        if misplaced := {block["type"] for block in blocks(message)} & NOT_FROM.get(message["role"], set()):
            yield f"messages.{number}: {misplaced} blocks cannot be in {message['role']} messages"
        results = [block for block in blocks(message) if block["type"] == "tool_result"]
        for holder in (message, *(result for result in results if isinstance(result.get("content"), list))):
            yield from _texts(f"messages.{number}", blocks(holder))
    if isinstance(body.get("system"), list):
        yield from _texts("system", body["system"])


def _texts(at: str, content: list[dict[str, Any]]) -> Iterator[str]:
    for index, block in enumerate(content):
        if block["type"] == "text" and not block["text"].strip():
            yield f"{at}.content.{index}: text content blocks must contain non-whitespace text"


def _calls(body: Body) -> Iterator[str]:
    content = [block for message in body["messages"] for block in blocks(message)]
    calls = [block for block in content if block["type"] == "tool_use"]
    for call in calls:
        if not ID.fullmatch(call["id"]) or not NAME.fullmatch(call["name"]):
            yield f"tool_use: `id` and `name` should match pattern '^{ID.pattern}$' and '^{NAME.pattern}$': {call}"
    if repeated := [id for id, count in Counter(call["id"] for call in calls).items() if count > 1]:
        yield f"messages: `tool_use` ids must be unique: {repeated}"
    if calls and not body.get("tools"):
        yield "Requests which include `tool_use` or `tool_result` blocks must define tools."


def _results(body: Body) -> Iterator[str]:
    for (_, content), (_, following) in itertools.pairwise([("user", []), *_turns(body)]):
        called = {block["id"] for block in content if block["type"] == "tool_use"}
        results = [block["tool_use_id"] for block in following if block["type"] == "tool_result"]
        first = itertools.takewhile(lambda block: block["type"] == "tool_result", following)
        if missing := called - {block["tool_use_id"] for block in first}:
            yield f"`tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(missing)}."
        if unexpected := Counter(results) - Counter(called):
            yield f"unexpected `tool_use_id` found in `tool_result` blocks: {', '.join(unexpected)}."


def _thoughts(body: Body) -> Iterator[str]:
    for block in (block for message in body["messages"] for block in blocks(message)):
        if block.get("signature", SIGNATURE) != SIGNATURE or block.get("data", SECRET) != SECRET:
            yield f"Invalid `signature` in `{block['type']}` block"
    turns = _turns(body)
    if reasons(body) and turns[-1][1][0]["type"] == "tool_result" and "thinking" not in turns[-2][1][0]["type"]:
        yield f"Expected `thinking` or `redacted_thinking`, but found `{turns[-2][1][0]['type']}`."


def _files(body: Body) -> Iterator[str]:
    content = [block for message in body["messages"] for block in blocks(message)]
    sources = [block["source"] for block in content if block["type"] in {"image", "document"}]
    if len(sources) > MOST_FILES:
        yield f"messages: too many images and documents: {len(sources)} > {MOST_FILES}"
    for block in content:
        if block["type"] == "image" and len(block["source"].get("data", "")) > FILE_CHARACTERS:
            yield f"image exceeds 5 MB maximum: {len(block['source']['data'])} bytes > {FILE_CHARACTERS} bytes"


def _tools(body: Body) -> Iterator[str]:
    tools = [tool for tool in body.get("tools") or [] if "input_schema" in tool]
    if len(tools) > len({tool["name"] for tool in tools}):
        yield "tools: Tool names must be unique."
    for index, tool in enumerate(tools):
        at, schema = f"tools.{index}.custom", tool["input_schema"]
        if not NAME.fullmatch(tool["name"]):
            yield f"{at}.name: String should match pattern '^{NAME.pattern}$'"
        if schema.get("type") != "object":
            yield f"{at}.input_schema.type: Input should be 'object'"
        elif {"oneOf", "anyOf", "allOf"} & set(schema):
            yield f"{at}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
        elif names := [name for name in schema.get("properties", {}) if not PARAMETER.fullmatch(name)]:
            yield f"{at}.input_schema.properties: Property keys should match pattern '^{PARAMETER.pattern}$': {names}"


def _cache_points(body: Body) -> Iterator[str]:
    """https://platform.claude.com/docs/en/build-with-claude/prompt-caching"""
    marked = [block for block in cacheable(body) if block.get("cache_control")]
    count = len(marked) + bool(body.get("cache_control"))
    if count > MOST_CACHE_POINTS:
        yield f"A maximum of {MOST_CACHE_POINTS} blocks with cache_control may be provided. Found {count}."
    if any("thinking" in block.get("type", "") for block in marked):
        yield "cache_control cannot be set on thinking blocks."


RULES = (_shape, _ranges, _roles, _content, _calls, _results, _thoughts, _files, _tools, _cache_points)
