"""The agent: Pydantic AI (https://ai.pydantic.dev), its stream told in the parts of `contract.py`."""

import asyncio
import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pydantic_ai
from pydantic_ai import Agent, AgentRunResult, AgentRunResultEvent, AgentStreamEvent, Tool, UsageLimits
from pydantic_ai.exceptions import OutputTokenLimitExceeded, UsageLimitExceeded
from pydantic_ai.messages import (
    BinaryContent,
    FunctionToolResultEvent,
    ModelMessage,
    ModelRequest,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.models import Model

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
from .errors import answer_too_long, turn_limit
from .prompt import SYSTEM_PROMPT
from .settings import Settings
from .tools import TOOLS

pydantic_ai.BANNER_ENABLED = False


def off_the_loop(function: Callable[..., Any]) -> Callable[..., Any]:
    """A tool in the server's own threads. Those of Pydantic AI are 40 at most, and hold up a run that is cancelled."""
    if inspect.iscoroutinefunction(function):
        return function

    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(function, *args, **kwargs)

    return run


FRAMEWORK_TOOLS: list[Tool[object]] = [Tool(off_the_loop(function)) for function in TOOLS]


class Conversation:
    """What one session has said so far, and how it goes on."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self._agent: Agent[object, str | None] = Agent(
            model,
            output_type=[str, type(None)],
            instructions=SYSTEM_PROMPT,
            tools=FRAMEWORK_TOOLS,
            retries=settings.max_turns,
        )
        self._settings = settings
        self._messages: list[ModelMessage] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. Only a turn that succeeds is remembered: after a failure, the history is as before."""
        limits = UsageLimits(request_limit=self._settings.max_turns)
        translation = Translation()
        run = self._agent.run_stream_events(_content(prompt), message_history=self._messages, usage_limits=limits)
        try:
            async with run as events:
                async for event in events:
                    for part in translation.parts(event):
                        yield part
        except UsageLimitExceeded as error:
            raise turn_limit() from error
        except OutputTokenLimitExceeded as error:
            raise answer_too_long() from error
        self._messages = recent(events.all_messages(), self._settings.max_history)


class Translation:
    """Reads Pydantic AI's events; those it yields nothing for repeat what others said, or say what is to come."""

    def __init__(self) -> None:
        self._call_id = ""

    def parts(self, event: AgentStreamEvent | AgentRunResultEvent[Any]) -> Iterator[Part]:
        """The parts in one event of `Agent.run_stream_events`."""
        match event:
            case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                yield Text(text)
            case PartStartEvent(part=ThinkingPart(content=thought)):
                yield Reasoning(thought)
            case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=str(thought))):
                yield Reasoning(thought)
            case PartStartEvent(part=ToolCallPart() as call):
                yield from self._call_parts(call)
            case PartDeltaEvent(delta=ToolCallPartDelta(args_delta=str(delta))):
                yield ToolCallArguments(self._call_id, delta)
            case PartEndEvent(part=ToolCallPart(tool_call_id=call_id)):
                yield ToolCallEnd(call_id)
            case FunctionToolResultEvent(part=result):
                yield ToolResult(result.tool_call_id, result.model_response_str())
            case AgentRunResultEvent(result=result):
                yield _usage(result)

    def _call_parts(self, call: ToolCallPart) -> Iterator[Part]:
        self._call_id = call.tool_call_id
        yield ToolCallStart(call.tool_call_id, call.tool_name)
        if call.args:
            yield ToolCallArguments(call.tool_call_id, call.args_as_json_str())


def _content(prompt: Prompt) -> str | list[UserContent]:
    if not prompt.attachments:
        return prompt.text  # not every server with OpenAI's API takes a list
    files = (BinaryContent(attachment.data, media_type=attachment.media_type) for attachment in prompt.attachments)
    return [*files, prompt.text]


def _usage(result: AgentRunResult[Any]) -> Usage:
    if result.response.finish_reason == "length":
        raise answer_too_long()
    return Usage(result.usage.input_tokens, result.usage.output_tokens)


def recent(messages: list[ModelMessage], limit: int) -> list[ModelMessage]:
    """The newest messages, `limit` at most, from a prompt on: a tool's result is nothing without its call."""
    newest = messages[-limit:]
    prompts = (index for index, message in enumerate(newest) if _is_prompt(message))
    return newest[next(prompts, limit) :]


def _is_prompt(message: ModelMessage) -> bool:
    return isinstance(message, ModelRequest) and any(isinstance(part, UserPromptPart) for part in message.parts)
