"""What the parts of one model call add up to, for models whose framework does not keep it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..conversation.history import Answer, Call, Thought
from ..errors import Failure
from ..runs.parts import Part, Reasoning, ReasoningSignature, Text, ToolCallArguments, ToolCallStart


def answer_of(told: Sequence[Part]) -> Answer:
    """The answer that these parts tell. Raises `Failure` if the arguments of a call are not an object."""
    text = "".join(part.delta for part in told if isinstance(part, Text))
    calls = (part for part in told if isinstance(part, ToolCallStart))
    return Answer(
        tuple(_thoughts(told)),
        text if text.strip() else "",
        tuple(Call(call.id, call.name, _arguments(told, call.id)) for call in calls),
    )


def _thoughts(told: Sequence[Part]) -> Iterator[Thought]:
    open_thought = Thought("")
    for part in told:
        match part:
            case Reasoning(delta):
                open_thought = replace(open_thought, text=open_thought.text + delta)
            case ReasoningSignature(value):
                yield replace(open_thought, signature=value)
                open_thought = Thought("")
    if open_thought.text:
        yield open_thought


def _arguments(told: Sequence[Part], id: str) -> dict[str, Any]:
    text = "".join(part.delta for part in told if isinstance(part, ToolCallArguments) and part.id == id)
    try:
        arguments = json.loads(text or "{}")
    except ValueError as error:
        raise Failure("malformed_answer") from error
    if not isinstance(arguments, dict):
        raise Failure("malformed_answer")
    return arguments
