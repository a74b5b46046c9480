"""The model: Gemini through ADK."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from google.adk.models import BaseLlm, Gemini
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

from .conversation.history import Thought
from .provider import IMAGES, client
from .settings import Settings

READS = IMAGES | {"application/pdf"}  # ADK makes other documents a text of the question


def build_model(settings: Settings) -> BaseLlm:
    """One model for the whole process, on one client."""
    return ConfiguredGemini(model=settings.model_id, client=client(settings), request_fields=settings.request_fields)


def signature(part: types.Part) -> str | None:
    """The model's signature of what it thought before this part."""
    return base64.b64encode(part.thought_signature).decode() if part.thought_signature else None


def signed(parts: list[types.Part], thoughts: Sequence[Thought]) -> list[types.Part]:
    """What the model said, signed as it was: its first call, or its text where there is none."""
    signatures = [base64.b64decode(thought.signature) for thought in thoughts if thought.signature]
    calls = [part for part in parts if part.function_call]
    for part, value in zip(calls or parts[-1:], signatures, strict=False):
        part.thought_signature = value
    return parts


class ConfiguredGemini(Gemini):
    """Gemini, with further fields of `generationConfig` in each request."""

    request_fields: dict[str, Any]

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Each piece of the answer if `stream`, then the whole of it."""
        llm_request.config.http_options = types.HttpOptions(extra_body={"generationConfig": self.request_fields})
        async for response in super().generate_content_async(llm_request, stream):
            yield response
            await asyncio.sleep(0)  # nothing waits while more has come already: other runs want their turn
