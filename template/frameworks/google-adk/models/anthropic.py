"""The model: Anthropic through ADK."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from anthropic import APIStatusError
from google.adk.models import BaseLlm
from google.adk.models.anthropic_llm import AnthropicLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

from .conversation.history import Thought
from .provider import IMAGES, client
from .settings import Settings

READS = IMAGES | {"application/pdf"}  # ADK knows no other documents of Anthropic's
REDACTED = "redacted:"
"""Begins the signature of a thought that the provider shows to nobody."""


def build_model(settings: Settings) -> BaseLlm:
    """One model for the whole process, on one client."""
    return ConfiguredAnthropic(
        model=settings.model_id,
        max_tokens=settings.max_tokens,
        client=client(settings),
        request_fields=settings.request_fields,
    )


{% include 'template/frameworks/google-adk/models/signed.py' %}


class ConfiguredAnthropic(AnthropicLlm):
    """Claude, with further fields in each request.

    ADK takes a thought that is told without its text for a redacted one, which Anthropic refuses; so those are marked.
    """

    request_fields: dict[str, Any]

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Each piece of the answer if `stream`, then the whole of it."""
        try:
            async for response in super().generate_content_async(llm_request, stream):
                for part in (response.content and response.content.parts) or []:
                    if part.thought and part.text is None and part.thought_signature:
                        part.thought_signature = REDACTED.encode() + part.thought_signature
                yield response
                await asyncio.sleep(0)  # nothing waits while more has come already: other runs want their turn
        except APIStatusError as error:
            error.details = error.body  # type: ignore[assignment]  # else ADK reads the response, and fails at that
            raise

    def _build_anthropic_kwargs(self, *args: Any) -> dict[str, Any]:
        """ADK has no option for them."""
        request = super()._build_anthropic_kwargs(*args)
        messages = [message | {"content": [*map(_block, message["content"])]} for message in request["messages"]]
        return request | {"messages": messages, "extra_body": self.request_fields}


def _block(block: Any) -> Any:
    match block:
        case {"type": "redacted_thinking", "data": str(data)} if data.startswith(REDACTED):
            return block | {"data": data.removeprefix(REDACTED)}
        case {"type": "redacted_thinking", "data": signature}:
            return {"type": "thinking", "thinking": "", "signature": signature}
    return block
