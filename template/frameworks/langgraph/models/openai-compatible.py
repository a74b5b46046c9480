"""The model: a server with OpenAI's API through LangChain."""

from typing import Any

from langchain.chat_models import BaseChatModel
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


class Model(ChatOpenAI):
    """Keeps what the model thinks, which is not in OpenAI's own API: LangChain drops it."""

    def _convert_chunk_to_generation_chunk(self, chunk: dict[str, Any], *args: Any) -> ChatGenerationChunk | None:
        converted = super()._convert_chunk_to_generation_chunk(chunk, *args)
        if converted and (thought := _thought(chunk)):
            converted.message.additional_kwargs["reasoning_content"] = thought
            del converted.message.response_metadata["model_provider"]  # OpenAI's messages have no thoughts
        return converted


def build_model(settings: Settings) -> BaseChatModel:
    """One model for the whole process, on one client."""
    openai = client(settings)
    return Model(
        model=settings.model_id,
        root_async_client=openai,
        async_client=openai.chat.completions,
        api_key=lambda: openai.api_key,
        extra_body=settings.request_fields,
        stream_usage=True,
        use_responses_api=False,
    )


def _thought(chunk: dict[str, Any]) -> str:
    """What servers call `reasoning_content`; newer ones, such as vLLM and Ollama, `reasoning`."""
    deltas = (choice["delta"] for choice in chunk.get("choices") or [])
    return "".join(delta.get("reasoning_content") or delta.get("reasoning") or "" for delta in deltas)
