"""The model: Anthropic through Agno."""

import base64
from typing import Any

from agno.metrics import MessageMetrics
from agno.models.anthropic import Claude
from agno.models.message import Message
from agno.models.response import ModelResponse

from .parts import Attachment, Prompt
from .errors import answer_too_long
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> Claude:
    """One model for the whole process, on one client."""
    return Model(
        id=settings.model_id,
        max_tokens=settings.max_tokens,
        async_client=client(settings),
        request_params={"extra_body": settings.request_fields},
    )


def question(prompt: Prompt) -> Message:
    """The prompt, in Anthropic's content blocks. Agno's own images are sent only if it recognizes their content."""
    return Message(role="user", content=[*map(_file, prompt.attachments), {"type": "text", "text": prompt.text}])


def _file(attachment: Attachment) -> dict[str, Any]:
    kind = "image" if attachment.is_image else "document"
    return {"type": kind, "source": _source(attachment)}


def _source(attachment: Attachment) -> dict[str, str]:
    if attachment.media_type == "text/plain":
        return {"type": "text", "media_type": "text/plain", "data": attachment.data.decode(errors="replace")}
    data = base64.b64encode(attachment.data).decode()
    return {"type": "base64", "media_type": attachment.media_type, "data": data}


class Model(Claude):
    """Agno's model, with what it does not tell: that an answer was cut, and that cached tokens were read too."""

    def _parse_provider_response_delta(self, response: Any, response_format: Any = None) -> ModelResponse:
        if response.type == "message_stop" and response.message.stop_reason == "max_tokens":
            raise answer_too_long()
        return super()._parse_provider_response_delta(response, response_format)

    def _get_metrics(self, response_usage: Any) -> MessageMetrics:
        metrics = super()._get_metrics(response_usage)
        # Anthropic counts tokens read from and written to its prompt cache beside `input_tokens`, not within.
        metrics.input_tokens += metrics.cache_read_tokens + metrics.cache_write_tokens
        return metrics
