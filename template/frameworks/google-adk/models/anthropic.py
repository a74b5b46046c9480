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

from .history import Thought
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


REDACTED = "redacted:"
"""Begins the signature of a thought that the provider shows to nobody."""


def signature(part: types.Part) -> str | None:
    """The model's signature of the thought in this part."""
    value = (part.thought_signature or b"").decode()
    return value if part.text or not value or value.startswith(REDACTED) else REDACTED + value


def signed(parts: list[types.Part], thoughts: Sequence[Thought]) -> list[types.Part]:
    """What the model said, after the thoughts that it signed."""
    return [*(_thought(thought) for thought in thoughts if thought.signature), *parts]


def _thought(thought: Thought) -> types.Part:
    value = (thought.signature or "").removeprefix(REDACTED).encode()
    return types.Part(text=thought.text or None, thought=True, thought_signature=value)


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
