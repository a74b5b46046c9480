"""The agent: Strands (https://strandsagents.com), its stream told in the parts of `contract.py`."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, cast
from uuid import uuid4

from strands import Agent, tool
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.models import Model
from strands.types.content import ContentBlock, Message
from strands.types.exceptions import MaxTokensReachedException

from .contract import (
    Attachment,
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

STRANDS_TOOLS: list[Any] = [tool(function) for function in TOOLS]


class Conversation:
    """What one session has said so far, and how it goes on."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self._messages: list[Message] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. Only a turn that succeeds is remembered: after a failure, the history is as before."""
        agent = self._agent()
        translation = Translation()
        try:
            async with aclosing(self._events(agent, prompt)) as events:
                async for event in events:
                    for part in translation.parts(event):
                        yield part
        except MaxTokensReachedException as error:
            raise answer_too_long() from error
        self._messages = agent.messages

    def _events(self, agent: Agent, prompt: Prompt) -> AsyncGenerator[dict[str, Any]]:
        events = agent.stream_async(_content(prompt), limits={"turns": self._settings.max_turns})
        return cast(AsyncGenerator[dict[str, Any]], events)

    def _agent(self) -> Agent:
        """A new agent for each turn (0.3 ms): an agent kept would also keep the traces and metrics of every turn."""
        return Agent(
            model=self._model,
            messages=list(self._messages),
            tools=STRANDS_TOOLS,
            system_prompt=SYSTEM_PROMPT,
            conversation_manager=SlidingWindowConversationManager(window_size=self._settings.max_history),
            callback_handler=None,
            retry_strategy=None,
        )


class Translation:
    """Reads Strands' events, and passes on none of them: they carry the prompt, the tool specs and the history."""

    def __init__(self) -> None:
        self._call_id: str | None = None

    def parts(self, event: dict[str, Any]) -> Iterator[Part]:
        """The parts in one event of `Agent.stream_async`; most have none."""
        match event:
            case {"event": {"contentBlockDelta": {"delta": {"text": text}}}}:
                yield Text(text)
            case {"event": {"contentBlockDelta": {"delta": {"reasoningContent": {"text": text}}}}}:
                yield Reasoning(text)
            case {"event": chunk}:
                yield from self._chunk_parts(chunk)
            case {"message": {"role": "user", "content": blocks}}:
                yield from (_result(block["toolResult"]) for block in blocks if "toolResult" in block)
            case {"result": result} if result.stop_reason == "limit_turns":
                raise turn_limit()

    def _chunk_parts(self, chunk: dict[str, Any]) -> Iterator[Part]:
        match chunk:
            case {"contentBlockStart": {"start": {"toolUse": {"toolUseId": call_id, "name": name}}}}:
                self._call_id = call_id
                yield ToolCallStart(call_id, name)
            case {"contentBlockDelta": {"delta": {"toolUse": {"input": delta}}}} if self._call_id and delta:
                yield ToolCallArguments(self._call_id, delta)
            case {"contentBlockStop": _} if self._call_id:
                yield ToolCallEnd(self._call_id)
                self._call_id = None
            case {"metadata": {"usage": usage}}:
                yield _usage(usage)


def _content(prompt: Prompt) -> list[ContentBlock]:
    return [*map(_block, prompt.attachments), {"text": prompt.text}]


def _block(attachment: Attachment) -> ContentBlock:
    file = {"format": attachment.format, "source": {"bytes": attachment.data}}
    if attachment.is_image:
        return cast(ContentBlock, {"image": file})
    # Bedrock wants a name that no other document of the conversation has.
    return cast(ContentBlock, {"document": {"name": f"document-{uuid4()}", **file}})


def _result(result: dict[str, Any]) -> ToolResult:
    return ToolResult(result["toolUseId"], "\n".join(block.get("text", "") for block in result["content"]))


def _usage(usage: dict[str, int]) -> Usage:
    # Providers count tokens that they cache within `inputTokens` or beside it: only the total always has them.
    return Usage(usage["totalTokens"] - usage["outputTokens"], usage["outputTokens"])
