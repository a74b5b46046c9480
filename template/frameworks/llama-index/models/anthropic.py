"""The model: Anthropic through LlamaIndex, and what LlamaIndex leaves to be read in Anthropic's own events."""

from collections.abc import Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponseAsyncGen, LLMMetadata, ThinkingBlock
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.llms.anthropic import Anthropic

from .conversation.history import Thought
from .provider import IMAGES, client
from .settings import Settings

READS = IMAGES | {"application/pdf"}  # LlamaIndex gives every document out as a PDF


def build_model(settings: Settings) -> FunctionCallingLLM:
    """One model for the whole process, on one client."""
    model = AnyAnthropicModel(
        model=settings.model_id,
        max_tokens=settings.max_tokens,
        additional_kwargs={"extra_body": settings.request_fields},
    )
    model._aclient = client(settings)
    return model


class AnyAnthropicModel(Anthropic):
    """Whichever model of Anthropic calls tools, and what it thinks."""

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex wants to know of a model, and knows of those in its own list."""
        return LLMMetadata(model_name=self.model, is_function_calling_model=True)

    @property
    def _model_kwargs(self) -> dict[str, Any]:
        """Without LlamaIndex's own temperature (0.1): the model's applies."""
        return {"model": self.model, "max_tokens": self.max_tokens, **self.additional_kwargs}

    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        """The answer, piece by piece."""
        return _with_thoughts(await super().astream_chat(messages, **kwargs))


async def _with_thoughts(answer: ChatResponseAsyncGen) -> ChatResponseAsyncGen:
    """The answer with its thoughts where LlamaIndex's agent looks for them."""
    async for response in answer:
        response.additional_kwargs["thinking_delta"] = response.message.additional_kwargs["thinking_delta"]
        yield response


def signatures(event: Any) -> list[str]:
    """The model's signature of a thought, if this event of the stream tells it."""
    match event:
        case {"type": "content_block_delta", "delta": delta} if delta.type == "signature_delta":
            return [delta.signature]
    return []


{% include 'template/frameworks/llama-index/models/signed.py' %}


def argument_piece(event: Any, _call: ToolSelection) -> str:
    """The JSON text that this event of the stream adds to the arguments of the last tool call, if any."""
    match event:
        case {"type": "content_block_delta", "delta": delta}:
            return getattr(delta, "partial_json", "")
    return ""
