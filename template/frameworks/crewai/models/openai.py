"""The model: OpenAI through CrewAI's client."""

import base64
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any

from crewai.llms.providers.openai.completion import OpenAICompletion
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import ChoiceDelta, ChoiceDeltaToolCall

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
        self._model_id = settings.model_id
        self._params = {"extra_body": settings.request_fields}

    def answer(
        self,
        messages: list[Any],
        tools: list[Any],
        tell: Callable[[Part], object],
        wait: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> dict[str, Any]:
        """Tell the answer to these messages piece by piece. Returns it as the message to go on with."""
        sdk = Listener(self._client, tell).sdk
        completion = Completion(model=self._model_id, additional_params=self._params, sdk=sdk)
        return _message(wait(completion.acall(messages, tools)))


class Completion(OpenAICompletion):
    """CrewAI's client, on the SDK that it is given."""

    sdk: Any
    stream: bool = True
    custom_openai: bool = True  # or it answers some errors with a call of another API

    def _build_sync_client(self) -> None:
        """None is called."""

    def _build_async_client(self) -> Any:
        return self.sdk

    def _emit_stream_chunk_event(self, *_: Any, **__: Any) -> None:
        """Nobody listens, and an event for each token is dear."""


class Listener:
    """Tells each chunk of a stream on its way to CrewAI, which keeps some of it for itself."""

    def __init__(self, client: Any, tell: Callable[[Part], object]) -> None:
        self._create = client.chat.completions.create
        self._tell = tell
        self._call_ids: dict[int, str] = {}
        self.sdk = SimpleNamespace(chat=SimpleNamespace(completions=self), base_url=client.base_url)

    async def create(self, **params: Any) -> AsyncIterator[ChatCompletionChunk]:
        """The chunks of the SDK's `chat.completions.create`."""
        return self._told(await self._create(**params))

    async def _told(self, chunks: AsyncIterator[ChatCompletionChunk]) -> AsyncIterator[ChatCompletionChunk]:
        async for chunk in chunks:
            for part in self._parts(chunk):
                self._tell(part)
            yield chunk

    def _parts(self, chunk: ChatCompletionChunk) -> Iterator[Part]:
        if chunk.usage:
            yield Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in chunk.choices:
            yield from self._delta(choice.delta)
            if choice.finish_reason == "length":
                raise answer_too_long()
            if choice.finish_reason:
                yield from map(ToolCallEnd, self._call_ids.values())

    def _delta(self, delta: ChoiceDelta) -> Iterator[Part]:
        # Not OpenAI's own: servers with its API name it the one way or the other.
        extra = delta.model_extra or {}
        if thought := extra.get("reasoning_content") or extra.get("reasoning"):
            yield Reasoning(thought)
        if delta.content:
            yield Text(delta.content)
        for call in delta.tool_calls or []:
            yield from self._call(call)

    def _call(self, call: ChoiceDeltaToolCall) -> Iterator[Part]:
        if call.index not in self._call_ids and call.id and call.function:
            self._call_ids[call.index] = call.id
            yield ToolCallStart(call.id, call.function.name or "")
        if call.function and call.function.arguments:
            yield ToolCallArguments(self._call_ids[call.index], call.function.arguments)


def _message(said: str | list[dict[str, Any]]) -> dict[str, Any]:
    if isinstance(said, str):
        return {"role": "assistant", "content": said}
    calls = [{"id": call["id"], "type": "function", "function": call["function"]} for call in said]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def question(prompt: Prompt) -> dict[str, Any]:
    """The message that asks it."""
    return {"role": "user", "content": [*map(_file, prompt.attachments), {"type": "text", "text": prompt.text}]}


def _file(attachment: Attachment) -> dict[str, Any]:
    url = f"data:{attachment.media_type};base64,{base64.b64encode(attachment.data).decode()}"
    if attachment.is_image:
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": f"document.{attachment.format}", "file_data": url}}
