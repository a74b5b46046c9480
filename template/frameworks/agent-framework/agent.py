"""The agent: Microsoft Agent Framework (https://aka.ms/agent-framework), told in the parts of `contract.py`."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Any
from uuid import uuid4

from agent_framework import (
    Agent,
    AgentResponseUpdate,
    ChatContext,
    ChatMiddleware,
    Content,
    Message,
    tool,
)

from .parts import (
    Attachment,
    Part,
    Prompt,
    Reasoning,
    Text,
    ToolCallArguments,
    ToolCallEnd,
    ToolCallStart,
    ToolResult,
)
from .errors import answer_too_long, turn_limit
from .model import options, usage
from .prompt import SYSTEM_PROMPT
from .settings import Settings
from .tools import TOOLS

FRAMEWORK_TOOLS = [tool(function) for function in TOOLS]


class Conversation:
    """What one session has said so far, and how it goes on."""

    def __init__(self, model: Any, settings: Settings) -> None:
        # The tool loop is the model client's: it is not to give up before `max_turns` does.
        model.function_invocation_configuration.update(
            max_iterations=settings.max_turns,
            max_consecutive_errors_per_request=settings.max_turns,
            include_detailed_errors=True,
        )
        self._agent = Agent(model, SYSTEM_PROMPT, tools=FRAMEWORK_TOOLS, default_options=options(settings))
        self._settings = settings
        self._messages: list[Message] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. Only a turn that succeeds is remembered: after a failure, the history is as before."""
        files = [_file(attachment) for attachment in prompt.attachments]
        messages = [*self._messages, Message("user", [*files, prompt.text])]
        translation = Translation()
        limit = TurnLimit(self._settings.max_turns)
        async with self._agent.run(messages, stream=True, middleware=[limit]) as updates:
            async for update in updates:
                for part in translation.parts(update):
                    yield part
            response = await updates.get_final_response()
        # The updates carry a running total: only the last says how much it was.
        yield usage(response.usage_details or {})
        self._messages = recent([*messages, *response.messages], self._settings.max_history)


class TurnLimit(ChatMiddleware):
    """Ends a run that would call the model once more than `calls` times."""

    def __init__(self, calls: int) -> None:
        self._calls_left = calls

    async def process(self, context: ChatContext, call_next: Callable[[], Awaitable[None]]) -> None:
        """Let a model call through, or raise `turn_limit`."""
        if not self._calls_left:
            raise turn_limit()
        self._calls_left -= 1
        await call_next()


class Translation:
    """Reads Agent Framework's updates. They say when a tool call begins and goes on, but not when it is complete."""

    def __init__(self) -> None:
        self._call_id: str | None = None

    def parts(self, update: AgentResponseUpdate) -> Iterator[Part]:
        """The parts in one update."""
        if update.finish_reason == "length":
            raise answer_too_long()
        for content in update.contents:
            yield from self._content_parts(content)
        if update.finish_reason:
            yield from self._end_call()

    def _content_parts(self, content: Content) -> Iterator[Part]:
        match content.type:
            case "text" if content.text:
                yield Text(content.text)
            case "text_reasoning" if content.text:
                yield Reasoning(content.text)
            case "function_call" if content.call_id:
                yield from self._call_parts(content.call_id, content)
            case "function_result" if content.call_id:
                yield ToolResult(content.call_id, str(content.result))

    def _call_parts(self, call_id: str, content: Content) -> Iterator[Part]:
        if call_id != self._call_id:
            yield from self._end_call()
            self._call_id = call_id
            yield ToolCallStart(call_id, content.name or "")
        if arguments := content.arguments:
            yield ToolCallArguments(call_id, arguments if isinstance(arguments, str) else json.dumps(arguments))

    def _end_call(self) -> Iterator[Part]:
        if self._call_id:
            yield ToolCallEnd(self._call_id)
            self._call_id = None


def recent(messages: list[Message], limit: int) -> list[Message]:
    """The newest messages, `limit` at most, from a prompt on: a tool's result is nothing without its call."""
    newest = messages[-limit:]
    first_prompt = next((index for index, message in enumerate(newest) if message.role == "user"), len(newest))
    return newest[first_prompt:]


def _file(attachment: Attachment) -> Content:
    # Bedrock wants a name that no other document of the conversation has.
    return Content.from_data(attachment.data, attachment.media_type, name=f"{uuid4()}.{attachment.format}")
