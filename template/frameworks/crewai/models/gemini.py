"""The model: Gemini through CrewAI's client."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from crewai.llms.providers.gemini.completion import GeminiCompletion
from google.genai import types

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
        self._models = client(settings).aio.models
        self._model_id = settings.model_id
        self._fields = types.GenerateContentConfig.model_validate(settings.request_fields)

    def answer(
        self,
        messages: list[Any],
        tools: list[Any],
        tell: Callable[[Part], object],
        wait: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> dict[str, Any]:
        """Tell the answer to these messages piece by piece. Returns it as the message to go on with."""
        sdk = SimpleNamespace(aio=SimpleNamespace(models=Listener(self._models, self._fields, tell)))
        completion = Completion(model=self._model_id, sdk=sdk)
        completion.supports_tools = True  # CrewAI asks the name, which may be an alias
        return _message(wait(completion.acall(messages, tools)))


class Completion(GeminiCompletion):
    """CrewAI's client, on the SDK that it is given."""

    sdk: Any
    stream: bool = True

    def _initialize_client(self, *_: Any) -> Any:
        return self.sdk

    def _emit_stream_chunk_event(self, *_: Any, **__: Any) -> None:
        """Nobody listens, and an event for each token is dear."""

    _emit_thinking_chunk_event = _emit_stream_chunk_event


class Listener:
    """Tells each chunk of a stream on its way to CrewAI. `fields` are set in each request's `generationConfig`."""

    def __init__(self, models: Any, fields: types.GenerateContentConfig, tell: Callable[[Part], object]) -> None:
        self._models = models
        self._tell = tell
        # CrewAI asks for thoughts by itself.
        self._fields = {"thinking_config": None} | {name: getattr(fields, name) for name in fields.model_fields_set}

    async def generate_content_stream(self, *, config: types.GenerateContentConfig, **request: Any) -> Any:
        """The chunks of the SDK's `generate_content_stream`."""
        config = config.model_copy(update=self._fields)
        return self._told(await self._models.generate_content_stream(config=config, **request))

    async def _told(
        self, chunks: AsyncIterator[types.GenerateContentResponse]
    ) -> AsyncIterator[types.GenerateContentResponse]:
        async for chunk in chunks:
            for part in _parts(chunk):
                self._tell(part)
            yield chunk


def _parts(chunk: types.GenerateContentResponse) -> Iterator[Part]:
    candidate = chunk.candidates[0] if chunk.candidates else types.Candidate()
    for part in (candidate.content and candidate.content.parts) or []:
        if part.function_call:
            yield from _call(part.function_call)
        elif part.text:
            yield Reasoning(part.text) if part.thought else Text(part.text)
    if candidate.finish_reason and chunk.usage_metadata:
        yield _usage(chunk.usage_metadata)
    if candidate.finish_reason == types.FinishReason.MAX_TOKENS:
        raise answer_too_long()


def _call(call: types.FunctionCall) -> Iterator[Part]:
    id = call.id or f"call-{uuid4()}"
    yield ToolCallStart(id, call.name or "")
    yield ToolCallArguments(id, json.dumps(call.args or {}))
    yield ToolCallEnd(id)


def _usage(usage: types.GenerateContentResponseUsageMetadata) -> Usage:
    # Gemini counts thoughts beside the answer's tokens, not within.
    output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
    return Usage(usage.prompt_token_count or 0, output)


def _message(said: str | list[types.Part]) -> dict[str, Any]:
    if isinstance(said, str):
        return {"role": "assistant", "content": said}
    # The calls as they came: Gemini's signatures of its thoughts are in them.
    return {"role": "assistant", "content": None, "tool_calls": said, "raw_tool_call_parts": said}


def question(prompt: Prompt) -> dict[str, Any]:
    """The message that asks it."""
    return {"role": "user", "content": [*map(_file, prompt.attachments), {"text": prompt.text}]}


def _file(attachment: Attachment) -> dict[str, Any]:
    data = base64.b64encode(attachment.data).decode()
    return {"inlineData": {"data": data, "mimeType": attachment.media_type}}
