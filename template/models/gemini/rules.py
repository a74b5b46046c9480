"""What Gemini's generateContent refuses, with the words it has for it.

The shapes are those of Google's own client; what stands beside them is said in
https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/function-calling and
https://ai.google.dev/gemini-api/docs/thought-signatures.
"""

import base64
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from google.genai import types
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from .wire import SIGNATURE, field, reasons, turns

Body = dict[str, Any]
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}")
RANGES = {"temperature": (0, 2), "topP": (0, 1), "maxOutputTokens": (1, 2**31), "candidateCount": (1, 1)}
MOST_TOOLS = 128
# What Gemini takes for the signature of a call that it did not make.
UNCHECKED = base64.b64encode(b"skip_thought_signature_validator").decode()


class Request(BaseModel):
    """A request without a field that the API does not know."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_name=True)
    contents: list[types.Content]
    system_instruction: types.Content | None = None
    generation_config: types.GenerationConfig | None = None
    tools: list[types.Tool] = []
    tool_config: types.ToolConfig | None = None
    safety_settings: list[types.SafetySetting] = []
    cached_content: str | None = None
    service_tier: Literal["unspecified", "standard", "flex", "priority"] | None = None


{% include 'template/models/http/reference.py' %}


def too_long(tokens: int, limit: int) -> str:
    """What Gemini says of a conversation that does not fit into the model's context."""
    return f"The input token count ({tokens}) exceeds the maximum number of tokens allowed ({limit})."


def _shape(body: Body) -> Iterator[str]:
    try:
        Request.model_validate(body)
    except ValidationError as error:
        yield f"Invalid JSON payload received. {_complaint(error)}"


def _ranges(body: Body) -> Iterator[str]:
    config = field(body, "generationConfig") or {}
    for name, (least, most) in RANGES.items():
        value = field(config, name)
        if value is not None and not least <= value <= most:
            yield f"Unable to submit request because it has a {name} value of {value}: the range is {least} to {most}."
    if len(field(config, "stopSequences") or []) > 5:
        yield "Unable to submit request because it has more than 5 stopSequences."


def _content(body: Body) -> Iterator[str]:
    if not body["contents"]:
        yield "* GenerateContentRequest.contents: contents is not specified"
    for number, content in enumerate(body["contents"]):
        at = f"GenerateContentRequest.contents[{number}]"
        if content.get("role", "user") not in {"user", "model"}:
            yield "Please use a valid role: user, model."
        if not content.get("parts"):
            yield f"* {at}.parts: contents.parts must not be empty."
        for index, part in enumerate(content.get("parts") or []):
            if not set(part) - {"thought", "thoughtSignature", "thought_signature"}:
                yield f"* {at}.parts[{index}].data: required oneof field 'data' must have one initialized field"
            if part.get("text") == "" and not field(part, "thoughtSignature"):
                yield "Unable to submit request because it has an empty text parameter. Add a value and try again."


def _calls(body: Body) -> Iterator[str]:
    before: tuple[str, list[dict[str, Any]]] = ("", [])
    for role, parts in turns(body):
        called, answered = _names(before[1], "functionCall"), _names(parts, "functionResponse")
        if role == "model" and not before[0]:
            yield "Please ensure that multiturn requests begin with a user turn."
        if answered and not called:
            yield "Please ensure that function response turn comes immediately after a function call turn."
        if Counter(called) != Counter(answered):
            yield (
                "Please ensure that the number of function response parts is equal to the number of function call "
                f"parts of the function call turn: {called}, {answered}."
            )
        before = role, parts
    if before[0] == "model":
        yield "Please ensure that single turn requests end with a user role or the role field is empty."


def _names(parts: list[dict[str, Any]], kind: str) -> list[str]:
    return [field(part, kind)["name"] for part in parts if field(part, kind)]


def _ids(body: Body) -> Iterator[str]:
    """A response that has an id is that of a call."""
    for (_, parts), (_, following) in itertools.pairwise(turns(body)):
        calls = {call.get("id") for part in parts if (call := field(part, "functionCall"))}
        answers = [answer.get("id") for part in following if (answer := field(part, "functionResponse"))]
        given = [id for id in answers if id]
        if not calls.issuperset(given) or len(given) > len(set(given)):
            yield f"The ids of the function responses, {answers}, are not those of the function calls, {calls}."


def _thoughts(body: Body) -> Iterator[str]:
    signatures = [field(part, "thoughtSignature") for _, parts in turns(body) for part in parts]
    if any(signature not in {None, SIGNATURE, UNCHECKED} for signature in signatures):
        yield "Thought signature is not valid."
    calls = [part for _, parts in turns(body)[-2:] for part in parts if field(part, "functionCall")]
    if reasons(body) and calls and field(calls[0], "thoughtSignature") not in {SIGNATURE, UNCHECKED}:
        yield f"Function call {_names(calls, 'functionCall')[0]} is missing a thought_signature in functionCall parts."


def _tools(body: Body) -> Iterator[str]:
    groups = [field(tool, "functionDeclarations") or [] for tool in body.get("tools") or []]
    tools = list(itertools.chain.from_iterable(groups))
    for name, count in Counter(tool["name"] for tool in tools).items():
        if count > 1:
            yield f"Duplicate function declaration found: {name}"
        if not NAME.fullmatch(name):
            yield f"Invalid function name: {name!r}. Must start with a letter or an underscore, and be at most 64 long."
    if len(tools) > MOST_TOOLS:
        yield f"At most {MOST_TOOLS} function declarations can be provided: {len(tools)}."
    for index, parameters in enumerate(field(tool, "parameters") for tool in tools):
        at = f"* GenerateContentRequest.tools[0].function_declarations[{index}].parameters"
        if parameters and str(parameters.get("type")).upper() != "OBJECT":
            yield f"{at}.type: the schema of the parameters must be of the type OBJECT"
        elif parameters and not parameters.get("properties"):
            yield f"{at}.properties: should be non-empty for OBJECT type"


RULES = (_shape, _ranges, _content, _calls, _ids, _thoughts, _tools)
