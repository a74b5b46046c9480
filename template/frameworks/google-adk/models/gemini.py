"""The model: Gemini through ADK."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from google.adk.models import BaseLlm, Gemini
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai.types import HttpOptions

from .provider import IMAGES, client
from .settings import Settings

READS = IMAGES | {"application/pdf"}  # ADK makes other documents a text of the question


def build_model(settings: Settings) -> BaseLlm:
    """One model for the whole process, on one client."""
    return ConfiguredGemini(model=settings.model_id, client=client(settings), request_fields=settings.request_fields)


class ConfiguredGemini(Gemini):
    """Gemini, with further fields of `generationConfig` in each request."""

    request_fields: dict[str, Any]

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Each piece of the answer if `stream`, then the whole of it."""
        llm_request.config.http_options = HttpOptions(extra_body={"generationConfig": self.request_fields})
        async for response in super().generate_content_async(llm_request, stream):
            yield response
            await asyncio.sleep(0)  # nothing waits while more has come already: other runs want their turn
