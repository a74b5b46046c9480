"""What Bedrock's Converse refuses, with the words it has for it.

The shapes are those of botocore's own service model; what stands beside them is said in
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html (content, files),
https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use.html (calls and results), and, of the models that Bedrock
serves, in https://platform.claude.com/docs/en/api/messages (order, thoughts, schemas of tools).
"""

import base64
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from .wire import SECRET, SIGNATURE, reasons

Body = dict[str, Any]
SERVICE = botocore.session.get_session().get_service_model("bedrock-runtime")
REQUEST = SERVICE.operation_model("ConverseStream").input_shape
KINDS = {"user": {"text", "image", "document", "toolResult", "cachePoint"}}
KINDS["assistant"] = {"text", "toolUse", "reasoningContent", "cachePoint"}
# For each message: how many files of a kind, and how large one may be, in bytes.
FILES = {"image": (20, 3_750_000), "document": (5, 4_500_000)}
DOCUMENT_NAME = re.compile(r"[A-Za-z0-9\-()\[\]]+(\s[A-Za-z0-9\-()\[\]]+)*")
PARAMETER = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
# Claude since 3.5 Haiku and 3.7 Sonnet, and Nova; what an ARN of your own stands for is not known.
CACHING = re.compile(r"anthropic\.claude-(3-5-haiku|3-7-sonnet|[a-z]+-\d)|amazon\.nova-|^arn:.*profile/[a-z0-9]+$")
MOST_CACHE_POINTS = 4


def problem(body: Body, model: str) -> str | None:
    """What is wrong with a request, None if nothing is."""
    request = {"modelId": model, **body}
    return next(itertools.chain.from_iterable(rule(request) for rule in RULES), None)


def too_long(_tokens: int, _limit: int) -> str:
    """What Bedrock says of a conversation that does not fit into the model's context."""
    return "Input is too long for requested model."


def _shape(body: Body) -> Iterator[str]:
    yield from ParamValidator().validate(body, REQUEST).generate_report().splitlines()
    yield from _violations(body, REQUEST, "")


def _violations(value: Any, shape: Any, at: str) -> Iterator[str]:
    """What botocore's client leaves to the service: patterns, enumerations, maxima."""
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            for name, member in value.items():
                yield from _violations(member, shape.members[name], f"{at}.{name}".lstrip("."))
        case "list":
            for index, member in enumerate(value):
                yield from _violations(member, shape.member, f"{at}.{index}")
        case "string":
            allowed = shape.enum or [value]
            if value not in allowed or not re.fullmatch(shape.metadata.get("pattern", ".*"), value, re.DOTALL):
                yield f"1 validation error detected: Value at '{at}' failed to satisfy constraint: {shape.metadata}"
    size = value if shape.type_name in {"integer", "float"} else len(value) if isinstance(value, str | list) else 0
    if size > shape.metadata.get("max", size):
        yield f"1 validation error detected: Value at '{at}' is above the maximum: {shape.metadata['max']}"


def _roles(body: Body) -> Iterator[str]:
    roles = [message["role"] for message in body.get("messages", [])]
    if roles[:1] != ["user"]:
        yield "A conversation must start with a user message."
    if any(role == following for role, following in itertools.pairwise(roles)):
        yield f"A conversation must alternate between user and assistant roles: {roles}."
    if roles[-1:] != ["user"]:
        yield "This model does not support assistant message prefill. The conversation must end with a user message."


def _blocks(body: Body) -> Iterator[tuple[str, str, str, Any]]:
    """Where each content block is, whose it is, its kind and its value."""
    for number, message in enumerate(body["messages"]):
        for index, block in enumerate(message["content"]):
            ((kind, value),) = block.items()
            yield f"messages.{number}.content.{index}", message["role"], kind, value


def _content(body: Body) -> Iterator[str]:
    for number, message in enumerate(body["messages"]):
        if not message["content"]:
            yield f"The content field in the Message object at messages.{number} is empty. Add a ContentBlock object."
    for at, role, kind, value in _blocks(body):
        if kind not in KINDS.get(role, {"text"}):
            yield f"The {kind} block at {at} is not allowed in a message of the role {role}."
        if kind == "text" and not value.strip():
            yield f"The text field in the ContentBlock object at {at} is blank. Add text to it."
    for index, block in enumerate(body.get("system", [])):
        if not block.get("text", "-").strip():
            yield f"The text field in the SystemContentBlock object at system.{index} is blank."


def _calls(body: Body) -> Iterator[str]:
    calls = [(at, value) for at, _, kind, value in _blocks(body) if kind == "toolUse"]
    for at, call in calls:
        if not isinstance(call["input"], dict):
            yield f"The format of the value at {at}.toolUse.input is invalid. Provide a json object."
    for id, count in Counter(call["toolUseId"] for _, call in calls).items():
        if count > 1:
            yield f"messages: `tool_use` ids must be unique: {id}"
    if any(kind in {"toolUse", "toolResult"} for _, _, kind, _ in _blocks(body)) and not body.get("toolConfig"):
        yield "The toolConfig field must be defined when using toolUse and toolResult content blocks."


def _results(body: Body) -> Iterator[str]:
    for at, _, kind, value in _blocks(body):
        if kind == "toolResult" and not value["content"]:
            yield f"The content field in the ToolResultBlock object at {at}.toolResult is empty."
        for index, block in enumerate(value["content"] if kind == "toolResult" else []):
            if not block.get("text", "-").strip():
                yield f"The text field in the ContentBlock object at {at}.toolResult.content.{index} is blank."
            if not isinstance(block.get("json", {}), dict):
                yield f"The format of the value at {at}.toolResult.content.{index}.json is invalid."
    for number, (message, following) in enumerate(itertools.pairwise([{"content": []}, *body["messages"]])):
        called = [block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]
        answered = [block["toolResult"]["toolUseId"] for block in following["content"] if "toolResult" in block]
        if missing := set(called) - set(answered):
            yield f"Expected toolResult blocks at messages.{number}.content for the following Ids: {', '.join(missing)}"
        if Counter(answered) - Counter(called):
            yield (
                f"The number of toolResult blocks at messages.{number}.content exceeds the number of toolUse blocks "
                "of previous turn."
            )


def _thoughts(body: Body) -> Iterator[str]:
    for at, _, kind, value in _blocks(body):
        if kind == "reasoningContent" and not _is_ours(value):
            yield f"{at}: Invalid `signature` in `thinking` block"
    before, last = [{}, *(message["content"][0] for message in body["messages"])][-2:]
    if reasons(body) and "toolResult" in last and "reasoningContent" not in before:
        yield "messages: Expected `thinking` or `redacted_thinking`, but found `tool_use`."


def _is_ours(thoughts: dict[str, Any]) -> bool:
    if "redactedContent" in thoughts:
        return base64.b64decode(thoughts["redactedContent"]) == SECRET
    return bool(thoughts["reasoningText"].get("signature") == SIGNATURE)


def _files(body: Body) -> Iterator[str]:
    for number, message in enumerate(body["messages"]):
        for kind, (most, size) in FILES.items():
            files = [block[kind] for block in message["content"] if kind in block]
            if len(files) > most:
                yield f"messages.{number}: too many {kind}s: {len(files)} > {most}"
            if any(len(base64.b64decode(file["source"].get("bytes", ""))) > size for file in files):
                yield f"messages.{number}: the {kind} is larger than {size} bytes"
        if {"document", "text"} & {kind for block in message["content"] for kind in block} == {"document"}:
            yield f"messages.{number}: a message with a document needs a text block too."
    names = [value["name"] for _, _, kind, value in _blocks(body) if kind == "document"]
    for name in names:
        if not DOCUMENT_NAME.fullmatch(name):
            yield f"The document file name can only contain alphanumeric characters, whitespace, hyphens, …: {name!r}"
    if len(names) > len(set(names)):
        yield f"Documents must not have the same name: {sorted(names)}."


def _tools(body: Body) -> Iterator[str]:
    tools = [tool["toolSpec"] for tool in body.get("toolConfig", {}).get("tools", []) if "toolSpec" in tool]
    if len(tools) > len({tool["name"] for tool in tools}):
        yield "tools: Tool names must be unique."
    for index, tool in enumerate(tools):
        at, schema = f"toolConfig.tools.{index}.toolSpec.inputSchema.json", tool["inputSchema"]["json"]
        if not isinstance(schema, dict) or schema.get("type") != "object":
            yield f"The value at {at}.type must be one of the following: object."
        elif {"oneOf", "anyOf", "allOf"} & set(schema):
            yield f"{at}: input_schema does not support oneOf, allOf, or anyOf at the top level"
        elif names := [name for name in schema.get("properties", {}) if not PARAMETER.fullmatch(name)]:
            yield f"{at}.properties: Property keys should match pattern '^{PARAMETER.pattern}$': {names}"


def _cache_points(body: Body) -> Iterator[str]:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html"""
    tools, model = body.get("toolConfig", {}).get("tools", []), body["modelId"]
    fields = [tools, body.get("system", []), *(message["content"] for message in body["messages"])]
    count = sum("cachePoint" in block for field in fields for block in field)
    if count and not CACHING.search(model):
        yield "You invoked an unsupported model or your request did not allow prompt caching."
    if count > MOST_CACHE_POINTS:
        yield f"A maximum of {MOST_CACHE_POINTS} blocks with a cache point may be provided. Found {count}."
    if "amazon.nova" in model and any("cachePoint" in tool for tool in tools):
        yield "Malformed input request: toolConfig.tools: extraneous key [cachePoint] is not permitted"
    for before, block in (pair for field in fields for pair in itertools.pairwise([{}, *field])):
        document = before.get("document", {"format": "pdf"})
        if "cachePoint" in block and (not before or "cachePoint" in before or document["format"] != "pdf"):
            yield "A cache point must follow a block that can be cached."


def _guardrail(body: Body) -> Iterator[str]:
    config = body.get("guardrailConfig", {})
    if config and not (config.get("guardrailIdentifier") and config.get("guardrailVersion")):
        yield "The guardrailIdentifier and the guardrailVersion must be provided together."


RULES = (_shape, _roles, _content, _calls, _results, _thoughts, _files, _tools, _cache_points, _guardrail)
