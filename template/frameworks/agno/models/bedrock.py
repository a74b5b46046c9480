"""The model: Amazon Bedrock through Agno, whose own client leaves out thoughts and text beside tool calls."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from itertools import groupby
from typing import Any

from agno.models.aws import AwsBedrock
from agno.models.message import Message
from agno.models.response import ModelResponse

from .conversation.history import Answer, Call, Question, Result, Results, Step
from .provider import DOCUMENTS, IMAGES
from .provider.converse import Converse, converse
from .provider.said import answer_of
from .runs.parts import Part, Reasoning, ReasoningSignature, Text
from .settings import Settings
from .tools.toolbox import Tool

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> AwsBedrock:
    """One model for the whole process, on one client."""
    return Bedrock(converse(settings))


def question_message(step: Question) -> Message:
    """The question, which Agno hands on as it is."""
    return Message(role="user", provider_data={"step": step})


def answer_message(step: Answer) -> Message:
    """The answer, which Agno hands on as it is."""
    return Message(role="assistant", provider_data={"step": step})


def signatures(response: ModelResponse) -> list[str]:
    """The signatures of thoughts in a piece of the answer."""
    found: list[str] = (response.provider_data or {}).get("signatures", [])
    return found


class Bedrock(AwsBedrock):
    """A Bedrock model. What Agno's messages hold are steps."""

    def __init__(self, converse: Converse) -> None:
        super().__init__(id=converse.model_id)
        self._converse = converse

    async def ainvoke_stream(self, messages: list[Message], *_: Any, **options: Any) -> AsyncIterator[ModelResponse]:
        """The answer, piece by piece, and at last its calls and the whole of it."""
        system, *spoken = messages
        tools = [_tool(tool["function"]) for tool in options["tools"] or []]
        told: list[Part] = []
        async with aclosing(self._converse.stream(str(system.content), [*_steps(spoken)], tools)) as parts:
            async for part in parts:
                told.append(part)
                yield _response(part)
        answer = answer_of(told)
        yield ModelResponse(tool_calls=[*map(_call, answer.calls)], provider_data={"step": answer})


def _response(part: Part) -> ModelResponse:
    match part:
        case Text(delta):
            return ModelResponse(content=delta)
        case Reasoning(delta):
            return ModelResponse(reasoning_content=delta)
        case ReasoningSignature(value):
            return ModelResponse(provider_data={"signatures": [value]})
    return ModelResponse()


def _call(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _tool(function: dict[str, Any]) -> Tool:
    return Tool(function["name"], function["description"], function["parameters"])


def _steps(messages: list[Message]) -> Iterator[Step]:
    for is_result, group in groupby(messages, lambda message: message.role == "tool"):
        if is_result:
            yield Results(tuple(map(_result, group)))
        else:
            yield from map(_step, group)


def _step(message: Message) -> Step:
    step: Step = (message.provider_data or {})["step"]
    return step


def _result(message: Message) -> Result:
    return Result(Call(message.tool_call_id or "", message.tool_name or "", {}), str(message.content))
