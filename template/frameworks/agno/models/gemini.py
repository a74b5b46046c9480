"""The model: Gemini through Agno."""

from typing import Any

from agno.media import File, Image
from agno.metrics import MessageMetrics
from agno.models.google import Gemini
from agno.models.message import Message
from agno.models.response import ModelResponse
from google.genai.types import FinishReason

from .parts import Attachment, Prompt
from .errors import answer_too_long
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> Gemini:
    """One model for the whole process, on one client."""
    fields = {"http_options": {"extra_body": {"generationConfig": settings.request_fields}}}
    return Model(id=settings.model_id, client=client(settings), generative_model_kwargs=fields)


{% include 'template/frameworks/agno/models/question.py' %}


class Model(Gemini):
    """Agno's model, with what it does not tell: that an answer was cut, and that thoughts were written too."""

    def _parse_provider_response_delta(self, response_delta: Any, **options: Any) -> ModelResponse:  # type: ignore[override]
        if any(candidate.finish_reason == FinishReason.MAX_TOKENS for candidate in response_delta.candidates or []):
            raise answer_too_long()
        return super()._parse_provider_response_delta(response_delta, **options)

    def _get_metrics(self, response_usage: Any) -> MessageMetrics:
        metrics = super()._get_metrics(response_usage)
        # Gemini counts thoughts beside `candidates_token_count`, not within.
        metrics.output_tokens += metrics.reasoning_tokens
        return metrics
