"""The model: Anthropic through CrewAI's client."""

import base64
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from anthropic.types import ContentBlock, Message, RawContentBlockDeltaEvent
from crewai.llms.providers.anthropic.completion import AnthropicCompletion

from .parts import Attachment, Part, Prompt, Reasoning, Text, ToolCallArguments, ToolCallEnd, ToolCallStart, Usage
from .errors import answer_too_long
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> "Model":
    """One model for the whole process, on one client."""
    return Model(settings)


class Model:
    """CrewAI's client for each call, on one client of the SDK."""

    def __init__(self, settings: Settings) -> None:
        self._client = client(settings)
        self._settings = settings

    def answer(
        self,
        messages: list[Any],
        tools: list[Any],
        tell: Callable[[Part], object],
        wait: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> dict[str, Any]:
        """Tell the answer to these messages piece by piece. Returns it as the message to go on with."""
        listener = Listener(self._client, self._settings.request_fields, tell)
        completion = Completion(
            model=self._settings.model_id, max_tokens=self._settings.max_tokens, sdk=SimpleNamespace(messages=listener)
        )
        wait(completion.acall(messages, tools))
        return {"role": "assistant", "content": [*map(_block, listener.message.content)]}


class Completion(AnthropicCompletion):
    """CrewAI's client, on the SDK that it is given."""

    sdk: Any
    stream: bool = True

    def _build_sync_client(self) -> None:
        """None is called."""

    def _build_async_client(self) -> Any:
        return self.sdk

    def _emit_stream_chunk_event(self, *_: Any, **__: Any) -> None:
        """Nobody listens, and an event for each token is dear."""


class Listener:
    """Tells each event of a stream on its way to CrewAI, which keeps thoughts for itself. `message` is the whole."""

    message: Message

    def __init__(self, client: Any, fields: dict[str, Any], tell: Callable[[Part], object]) -> None:
        self._client = client
        self._fields = fields
        self._tell = tell

    @asynccontextmanager
    async def stream(self, **params: Any) -> AsyncIterator["Listener"]:
        """The events of the SDK's `messages.stream`."""
        async with self._client.messages.stream(**params, extra_body=self._fields) as self._events:
            yield self

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Each event, told."""
        async for event in self._events:
            for part in self._parts(event):
                self._tell(part)
            yield event

    async def get_final_message(self) -> Message:
        """The whole message."""
        return self.message

    def _parts(self, event: Any) -> Iterator[Part]:
        match event.type:
            case "content_block_start" if event.content_block.type == "tool_use":
                self._call_id = event.content_block.id
                yield ToolCallStart(self._call_id, event.content_block.name)
            case "content_block_delta":
                yield from self._delta(event)
            case "content_block_stop" if event.content_block.type == "tool_use":
                yield ToolCallEnd(event.content_block.id)
            case "message_stop":
                self.message = event.message
                yield _usage(event.message)
                if event.message.stop_reason == "max_tokens":
                    raise answer_too_long()

    def _delta(self, event: RawContentBlockDeltaEvent) -> Iterator[Part]:
        match event.delta.type:
            case "text_delta":
                yield Text(event.delta.text)
            case "thinking_delta":
                yield Reasoning(event.delta.thinking)
            case "input_json_delta" if event.delta.partial_json:
                yield ToolCallArguments(self._call_id, event.delta.partial_json)


def _usage(message: Message) -> Usage:
    # Anthropic counts tokens read from and written to its prompt cache beside `input_tokens`, not within.
    usage = message.usage
    cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    return Usage(usage.input_tokens + cached, usage.output_tokens)


def _block(block: ContentBlock) -> dict[str, Any]:
    return block.model_dump(mode="json", exclude_none=True)


def question(prompt: Prompt) -> dict[str, Any]:
    """The message that asks it."""
    return {"role": "user", "content": [*map(_file, prompt.attachments), {"type": "text", "text": prompt.text}]}


def _file(attachment: Attachment) -> dict[str, Any]:
    if attachment.media_type == "text/plain":
        source = {"type": "text", "media_type": "text/plain", "data": attachment.data.decode(errors="replace")}
        return {"type": "document", "source": source}
    data = base64.b64encode(attachment.data).decode()
    source = {"type": "base64", "media_type": attachment.media_type, "data": data}
    return {"type": "image" if attachment.is_image else "document", "source": source}
