"""The model: Gemini through LlamaIndex, and what LlamaIndex leaves to be read in Gemini's own events."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from google.genai.types import GenerateContentConfig, HttpOptions
from llama_index.core.base.llms.types import ChatMessage, ChatResponseAsyncGen
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.llms.google_genai import GoogleGenAI

from .contract import Usage
from .errors import answer_too_long
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> FunctionCallingLLM:
    """One model for the whole process, on one client."""
    fields = HttpOptions(extra_body={"generationConfig": settings.request_fields})
    options: dict[str, Any] = {
        "model": settings.model_id,
        "generation_config": GenerateContentConfig(http_options=fields),
        "file_mode": "inline",
        "max_retries": 0,
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
        """The answer, piece by piece."""
        return _complete(await super().astream_chat(messages, **kwargs))


async def _complete(answer: ChatResponseAsyncGen) -> ChatResponseAsyncGen:
    """The answer with its thoughts where LlamaIndex's agent looks for them, unless it was cut."""
    try:
        async for response in answer:
            response.additional_kwargs["thinking_delta"] = _thoughts(response.raw)
            yield response
    except RuntimeError as error:
        if "MAX_TOKENS" in str(error):
            raise answer_too_long() from error
        raise


def _thoughts(event: Any) -> str:
    return "".join(part["text"] for part in _parts(event) if part["thought"])


def _parts(event: Any) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = event["content"]["parts"]
    return parts


def argument_piece(event: Any, call: ToolSelection) -> str:
    """The JSON text of the call's arguments, if this event of the stream has the call: Gemini tells them at once."""
    calls = [part["function_call"]["id"] for part in _parts(event) if part["function_call"]]
    return json.dumps(call.tool_kwargs) if call.tool_id in calls else ""


def usage(event: Any) -> Iterator[Usage]:
    """The tokens of the model call, which its last event tells."""
    match event:
        case {"finish_reason": str(), "usage_metadata": tokens}:
            # Gemini counts thoughts beside the answer's tokens, not within.
            written = (tokens["candidates_token_count"] or 0) + (tokens["thoughts_token_count"] or 0)
            yield Usage(tokens["prompt_token_count"] or 0, written)
