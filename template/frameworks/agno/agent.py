"""The agent: Agno (https://docs.agno.com), its stream told in the parts of `contract.py`."""

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
    ModelRequestCompletedEvent,
    ModelRequestStartedEvent,
    RunContentEvent,
    RunErrorEvent,
    RunOutput,
    ToolCallCompletedEvent,
    ToolCallStartedEvent,
)
from agno.tools import Function
from agno.utils.log import agent_logger

from .parts import (
    Part,
    Prompt,
    Reasoning,
    Text,
    ToolCallArguments,
    ToolCallEnd,
    ToolCallStart,
    ToolResult,
    Usage,
)
from .errors import turn_limit
from .model import question
from .prompt import SYSTEM_PROMPT
from .settings import Settings
from .tools import TOOLS

AGNO_TOOLS = [Function.from_callable(function) for function in TOOLS]

# Agno logs to standard output; now to wherever everything else does.
agent_logger.handlers.clear()
agent_logger.propagate = True


class Conversation:
    """What one session has said so far, and how it goes on."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self._messages: list[Message] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. Only a turn that succeeds is remembered: after a failure, the history is as before."""
        failures: list[BaseException] = []
        translation = Translation(self._settings.max_turns)
        async with aclosing(self._events(prompt, failures)) as events:
            async for event in events:
                if isinstance(event, RunErrorEvent):
                    raise failures[-1] if failures else RuntimeError(event.content)
                for part in translation.parts(event):
                    yield part
        self._messages = recent(translation.messages, self._settings.max_history)

    def _events(self, prompt: Prompt, failures: list[BaseException]) -> AsyncGenerator[Any]:
        """A new agent for each turn (0.03 ms): an agent is one model's, and the model keeps this turn's failures."""
        agent = Agent(
            model=watched(self._model, failures),
            tools=AGNO_TOOLS,
            system_message=SYSTEM_PROMPT,
            resolve_in_context=False,  # it would fill in {words} in braces
            telemetry=False,
        )
        messages = [*self._messages, question(prompt)]
        return cast(AsyncGenerator[Any], agent.arun(messages, stream=True, stream_events=True, yield_run_output=True))


def watched(model: Model, failures: list[BaseException]) -> Model:
    """The same model, which keeps why its calls fail: Agno's events have no more of that than a text."""

    async def ainvoke_stream(*args: Any, **kwargs: Any) -> AsyncIterator[ModelResponse]:
        try:
            async for response in model.ainvoke_stream(*args, **kwargs):
                yield response
        except Exception as error:
            failures.append(error.__cause__ or error)
            raise

    watched = copy(model)
    watched.ainvoke_stream = ainvoke_stream  # type: ignore[method-assign]
    return watched


class Translation:
    """Reads Agno's events, and keeps the messages of the run."""

    def __init__(self, max_turns: int) -> None:
        self.messages: list[Message] = []
        self._calls_left = max_turns

    def parts(self, event: Any) -> Iterator[Part]:
        """The parts in one event of `Agent.arun`; those it yields nothing for say nothing new."""
        match event:
            case ModelRequestStartedEvent():
                self._count_call()
            case RunContentEvent(content=text, reasoning_content=thought):
                yield from ([Reasoning(thought)] if thought else [])
                yield from ([Text(text)] if text else [])
            case ToolCallStartedEvent(tool=ToolExecution() as call):
                yield from _call_parts(call)
            case ToolCallCompletedEvent(tool=ToolExecution() as call):
                yield ToolResult(call.tool_call_id or "", call.result or "")
            case ModelRequestCompletedEvent(input_tokens=read, output_tokens=written):
                yield Usage(read or 0, written or 0)
            case RunOutput(messages=list(messages)):
                self.messages = [message for message in messages if message.role != "system"]

    def _count_call(self) -> None:
        if not self._calls_left:
            raise turn_limit()
        self._calls_left -= 1


def _call_parts(call: ToolExecution) -> Iterator[Part]:
    call_id = call.tool_call_id or ""
    yield ToolCallStart(call_id, call.tool_name or "")
    yield ToolCallArguments(call_id, json.dumps(call.tool_args or {}))
    yield ToolCallEnd(call_id)


def recent(messages: list[Message], limit: int) -> list[Message]:
    """The newest messages, `limit` at most, from a prompt on: a tool's result is nothing without its call."""
    newest = messages[-limit:]
    first_prompt = next((index for index, message in enumerate(newest) if message.role == "user"), len(newest))
    return newest[first_prompt:]
