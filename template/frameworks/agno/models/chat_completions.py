"""The model: OpenAI through Agno."""

from typing import Any

from agno.media import File, Image
from agno.models.message import Message
from agno.models.openai import {{ base }}
from agno.models.response import ModelResponse

from .parts import Attachment, Prompt
from .errors import answer_too_long
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> {{ base }}:
    """One model for the whole process, on one client."""
    return Model(id=settings.model_id, async_client=client(settings), extra_body=settings.request_fields)


{% include 'template/frameworks/agno/models/question.py' %}


class Model({{ base }}):
    """Agno's model, with what it does not tell: that an answer was cut."""

    def _parse_provider_response_delta(self, response_delta: Any) -> ModelResponse:
        if any(choice.finish_reason == "length" for choice in response_delta.choices):
            raise answer_too_long()
        return super()._parse_provider_response_delta(response_delta)
