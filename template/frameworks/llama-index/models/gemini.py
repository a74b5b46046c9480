"""The model: Gemini through LlamaIndex, and what LlamaIndex leaves to be read in Gemini's own events."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from google.genai.types import Content, GenerateContentConfig, GenerateContentResponse, HttpOptions
from llama_index.core.base.llms.types import ChatMessage, ChatResponseAsyncGen, ContentBlock, TextBlock, ToolCallBlock
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.llms.google_genai import GoogleGenAI
from llama_index.llms.google_genai.utils import chat_from_gemini_response, prepare_chat_params

from .conversation.history import Thought
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> FunctionCallingLLM:
    """One model for the whole process, on one client."""
    fields = HttpOptions(extra_body={"generationConfig": settings.request_fields})
    options: dict[str, Any] = {
        "model": settings.model_id,
        "generation_config": GenerateContentConfig(http_options=fields),
        # LlamaIndex asks Google for these two if they are not given. Neither is sent.
        "max_tokens": 1,
        "context_window": 1,
    }
    model = ThoughtfulGemini(**options)
    model._client = client(settings)
    return model


class ThoughtfulGemini(GoogleGenAI):
    """Gemini, and what it thinks."""

    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        """The answer, piece by piece. LlamaIndex's own passes over a last event without text, and its token counts."""
        kwargs["generation_config"] = dict(self._generation_config)
        question, chat, _ = await prepare_chat_params(self.model, messages, "inline", self._client, **kwargs)
        chats: Any = self._client.aio.chats
        return _responses(await chats.create(**chat).send_message_stream(question.parts))


async def _responses(events: AsyncIterator[GenerateContentResponse]) -> ChatResponseAsyncGen:
    """LlamaIndex's responses, with thoughts where its agent looks for them."""
    blocks: list[ContentBlock] = []
    signatures: list[str | None] = []
    async for event in events:
        for candidate in (event.candidates or [])[:1]:
            parts = candidate.content.parts or [] if candidate.content else []
            candidate.content = Content(role="model", parts=parts)
            response = chat_from_gemini_response(event, blocks, signatures)
            response.delta = "".join(part.text for part in parts if part.text and not part.thought)
            response.additional_kwargs["thinking_delta"] = "".join(part.text or "" for part in parts if part.thought)
            yield response


def signatures(event: Any) -> list[str]:
    """What the model signed in this event of the stream."""
    found = [part.get("thought_signature") for part in event["content"]["parts"]]
    return [base64.b64encode(signature).decode() for signature in found if signature]


def signed(message: ChatMessage, thoughts: Sequence[Thought]) -> ChatMessage:
    """What the model said, signed as it was: its first call, or its text where there is none."""
    found = [base64.b64decode(thought.signature) for thought in thoughts if thought.signature]
    has_calls = any(isinstance(block, ToolCallBlock) for block in message.blocks)
    unsigned = [None for block in message.blocks if has_calls and isinstance(block, TextBlock)]
    message.additional_kwargs["thought_signatures"] = [*unsigned, *found][: len(message.blocks)]
    return message


def argument_piece(event: Any, call: ToolSelection) -> str:
    """The JSON text of the call's arguments, if this event of the stream has the call: Gemini tells them at once."""
    calls = [part["function_call"] for part in event["content"]["parts"] if part["function_call"]]
    return json.dumps(call.tool_kwargs) if call.tool_id in [call["id"] for call in calls] else ""
