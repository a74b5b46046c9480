"""The model: Anthropic through ADK."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from anthropic import APIStatusError
from google.adk.models import BaseLlm
from google.adk.models.anthropic_llm import AnthropicLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse

from .provider import IMAGES, client
from .settings import Settings

READS = IMAGES | {"application/pdf"}  # ADK knows no other documents of Anthropic's


def build_model(settings: Settings) -> BaseLlm:
    """One model for the whole process, on one client."""
    return ConfiguredAnthropic(
        model=settings.model_id,
        max_tokens=settings.max_tokens,
        client=client(settings),
        request_fields=settings.request_fields,
    )


class ConfiguredAnthropic(AnthropicLlm):
    """Claude, with further fields in each request."""

    request_fields: dict[str, Any]

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Each piece of the answer if `stream`, then the whole of it."""
        try:
            async for response in super().generate_content_async(llm_request, stream):
                yield response
                await asyncio.sleep(0)  # nothing waits while more has come already: other runs want their turn
        except APIStatusError as error:
            error.details = error.body  # type: ignore[assignment]  # else ADK reads the response, and fails at that
            raise

    def _build_anthropic_kwargs(self, *args: Any) -> dict[str, Any]:
        """ADK has no option for them."""
        return super()._build_anthropic_kwargs(*args) | {"extra_body": self.request_fields}
