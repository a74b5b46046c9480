import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import ConfigDict, TypeAdapter, ValidationError

Body = dict[str, Any]
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
LONGEST_ID, MOST_TOOLS = 40, 128
RANGES = {"temperature": (0, 2), "top_p": (0, 1), "frequency_penalty": (-2, 2), "presence_penalty": (-2, 2)}


{% include 'template/models/http/reference.py' %}


{% include 'template/models/http/lazy.py' %}


def too_long(tokens: int, limit: int) -> str:
    """What the server says of a conversation that does not fit into the model's context."""
    return (
        f"This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages."
    )


def _shape(body: Body) -> Iterator[str]:
    try:
        _read_all(REQUEST.validate_python(body))
    except ValidationError as error:
        yield _complaint(error)
    if not body["stream"] or not (body.get("stream_options") or {}).get("include_usage"):
        yield "`stream` must be true, and so must `stream_options.include_usage`: this agent counts its tokens."


def _ranges(body: Body) -> Iterator[str]:
    for name, (least, most) in RANGES.items():
        value = body.get(name)
        if value is not None and not least <= value <= most:
            yield f"Invalid '{name}': expected a value between {least} and {most}, but got {value} instead."
    if len(body.get("stop") or "") > 4 and isinstance(body["stop"], list):
        yield "Invalid 'stop': array too long. Expected an array with maximum length 4."


def _content(body: Body) -> Iterator[str]:
    if not body["messages"]:
        yield "Invalid 'messages': empty array. Expected an array with minimum length 1."
    for number, message in enumerate(body["messages"]):
        at, content = f"messages[{number}]", message.get("content")
        if content is None and not message.get("tool_calls"):
            yield f"Invalid value for '{at}.content': expected a string, got null."
        if content == []:
            yield f"Invalid '{at}.content': empty array. Expected an array with minimum length 1."
        if message.get("tool_calls") == []:
            yield f"[] is too short - '{at}.tool_calls'"
        yield from _calls(at, message.get("tool_calls") or [])


def _calls(at: str, calls: list[dict[str, Any]]) -> Iterator[str]:
    for index, call in enumerate(calls):
        if not 1 <= len(call["id"]) <= LONGEST_ID:
            yield f"Invalid '{at}.tool_calls[{index}].id': expected a length from 1 to {LONGEST_ID}: {call['id']!r}."
        if not NAME.fullmatch(call["function"]["name"]):
            yield (
                f"Invalid '{at}.tool_calls[{index}].function.name': string does not match pattern. "
                f"Expected a string that matches the pattern '^{NAME.pattern}$'."
            )


def _results(body: Body) -> Iterator[str]:
    waiting: Counter[str] = Counter()
    for number, message in enumerate([*body["messages"], {"role": "end"}]):
        if message["role"] == "tool":
            if not waiting[message["tool_call_id"]]:
                yield (
                    f"Invalid parameter: messages[{number}] with role 'tool' must be a response to a preceding message "
                    "with 'tool_calls', and to each call once."
                )
            waiting[message["tool_call_id"]] -= 1
            continue
        if missing := [id for id, count in waiting.items() if count > 0]:
            yield (
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(missing)}"
            )
        waiting = Counter(call["id"] for call in message.get("tool_calls") or [])


def _tools(body: Body) -> Iterator[str]:
    tools = [tool["function"] for tool in body.get("tools") or [] if "function" in tool]
    if body.get("tools") == [] or len(tools) > MOST_TOOLS:
        yield f"Invalid 'tools': expected an array of a length from 1 to {MOST_TOOLS}, got {len(tools)}."
    for name in ("tool_choice", "parallel_tool_calls"):
        if not tools and body.get(name) is not None:
            yield f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified."
    for index, tool in enumerate(tools):
        if not NAME.fullmatch(tool["name"]):
            yield f"Invalid 'tools[{index}].function.name': expected a string that matches '^{NAME.pattern}$'."
        if tool.get("parameters", {"type": "object"}).get("type") != "object":
            yield f"Invalid schema for function '{tool['name']}': schema must be a JSON Schema of 'type: \"object\"'."


RULES = [_shape, _ranges, _content, _results, _tools]
