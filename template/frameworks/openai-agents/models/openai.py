"""The model: OpenAI through its Agents SDK."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from agents import OpenAIChatCompletionsModel
from openai.types.chat import ChatCompletionChunk

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> OpenAIChatCompletionsModel:
    """One model for the whole process, on one client."""
    # A model that thinks between tool calls wants its thoughts back.
    return ChatModel(settings.model_id, client(settings), should_replay_reasoning_content=lambda _: True)


class ChatModel(OpenAIChatCompletionsModel):
    """Corrects a stream before the SDK reads it, which offers no other place."""

    async def _fetch_response(self, *arguments: Any, **options: Any) -> Any:
        response, chunks = await super()._fetch_response(*arguments, **options)
        return response, corrected(chunks)


async def corrected(chunks: AsyncIterator[ChatCompletionChunk]) -> AsyncGenerator[ChatCompletionChunk]:
    """The chunks, with thoughts that a server tells twice told once."""
    async for chunk in chunks:
        for choice in chunk.choices:
            fields = getattr(choice.delta, "model_extra", None) or {}  # some servers end with a delta that is null
            if fields.get("reasoning_content"):
                fields.pop("reasoning", None)  # vLLM sent both names for a while
        yield chunk
