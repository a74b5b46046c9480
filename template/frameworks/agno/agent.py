"""The agent: Agno (https://docs.agno.com), told in the parts of `runs/parts.py`."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from copy import copy
from typing import Any, cast

from agno.agent import Agent
from agno.models.base import Model
from agno.models.message import Message
from agno.models.response import ModelResponse, ToolExecution
from agno.run.agent import (
    ModelRequestStartedEvent,
    RunContentEvent,
    RunErrorEvent,
    ToolCallCompletedEvent,
    ToolCallStartedEvent,
)
from agno.tools import Function
from agno.tools.function import FunctionCall
from agno.utils.log import agent_logger

from .conversation.history import Prompt, Question, Results, Step
from .errors import Failure
from .model import answer_message, question_message, signatures
from .runs.parts import (
    Part,
    Reasoning,
    ReasoningSignature,
    Text,
    ToolCallArguments,
    ToolCallEnd,
    ToolCallStart,
    ToolResult,
)
from .settings import Settings
from .tools.toolbox import Tool

# Agno logs to standard output; now to wherever everything else does.
agent_logger.handlers.clear()
agent_logger.propagate = True


async def answer(prompt: Prompt, model: Model, settings: Settings) -> AsyncGenerator[Part]:
    """Go on from the prompt until the model has nothing more to call."""
    translation = Translation(settings.max_turns)
    agent = Agent(
        model=watched(model, translation),
        tools=[_function(tool) for tool in prompt.tools],
        system_message=prompt.instructions,
        resolve_in_context=False,  # it would fill in {words} in braces
        telemetry=False,
    )
    messages = [message for step in prompt.steps for message in _messages(step)]
    events = cast(AsyncGenerator[Any], agent.arun(messages, stream=True, stream_events=True))
    async with aclosing(events):
        async for event in events:
            for part in translation.parts(event):
                yield part


class Translation:
    """Reads Agno's events. `signatures` holds what they leave out: the model's signatures of its thoughts."""

    def __init__(self, max_turns: int) -> None:
        self.signatures: list[str] = []
        self._calls_left = max_turns

    def parts(self, event: Any) -> Iterator[Part]:
        """The parts in one event of `Agent.arun`; those it yields nothing for say nothing new."""
        while self.signatures:
            yield ReasoningSignature(self.signatures.pop(0))
        match event:
            case RunContentEvent(content=text, reasoning_content=thought):
                yield from ([Reasoning(thought)] if thought else [])
                yield from ([Text(text)] if text else [])
            case ModelRequestStartedEvent():
                self._count_call()
            case ToolCallStartedEvent(tool=ToolExecution(tool_call_id=str(id), tool_name=name, tool_args=given)):
                yield ToolCallStart(id, name or "")
                yield ToolCallArguments(id, json.dumps((given or {})["arguments"]))
                yield ToolCallEnd(id)
            case ToolCallCompletedEvent(tool=ToolExecution(tool_call_id=str(id), result=result)):
                yield ToolResult(id, result or "")
            case RunErrorEvent(content=reason):
                raise RuntimeError(reason)

    def _count_call(self) -> None:
        if not self._calls_left:
            raise Failure("turn_limit")
        self._calls_left -= 1


def watched(model: Model, translation: Translation) -> Model:
    """The same model for one run, which also tells signatures, and hands calls on as they are.

    Agno's own reading of a call makes "none" and "true" something else, and leaves out tools that do not exist.
    """

    async def ainvoke_stream(*args: Any, **kwargs: Any) -> AsyncIterator[ModelResponse]:
        async for response in model.ainvoke_stream(*args, **kwargs):
            translation.signatures += signatures(response)
            yield response

    def get_function_calls_to_run(
        assistant_message: Message, messages: list[Message], functions: dict[str, Function] | None = None
    ) -> list[FunctionCall]:
        return [_call(call, functions or {}) for call in assistant_message.tool_calls or []]

    watched = copy(model)
    watched.ainvoke_stream = ainvoke_stream  # type: ignore[method-assign]
    watched.get_function_calls_to_run = get_function_calls_to_run  # type: ignore[method-assign]
    return watched


def _call(call: dict[str, Any], functions: dict[str, Function]) -> FunctionCall:
    name = call["function"]["name"]
    function = functions.get(name) or Function(name=name, entrypoint=_unknown, skip_entrypoint_processing=True)
    arguments = json.loads(call["function"]["arguments"] or "{}")
    return FunctionCall(function=function, call_id=call["id"], arguments={"arguments": arguments})


async def _unknown(arguments: dict[str, Any], fc: FunctionCall) -> str:
    return f"Error: there is no tool {fc.function.name}."


def _function(tool: Tool) -> Function:
    async def call(arguments: dict[str, Any], fc: FunctionCall) -> str:
        return await tool.call(arguments, fc.call_id or "")

    return Function(
        name=tool.name,
        description=tool.description,
        parameters=tool.parameters,
        entrypoint=call,
        skip_entrypoint_processing=True,
    )


def _messages(step: Step) -> list[Message]:
    if isinstance(step, Question):
        return [question_message(step)]
    if isinstance(step, Results):
        return [_result(result.call.id, result.call.name, result.content) for result in step.results]
    return [answer_message(step)]


def _result(call_id: str, name: str, content: str) -> Message:
    return Message(role="tool", tool_call_id=call_id, tool_name=name, content=content)
