"""The model: Gemini through Pydantic AI."""

from dataclasses import replace
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ThinkingPart
from pydantic_ai.models import Model
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.google import GoogleProvider

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> Model:
    """One model for the whole process, on one client."""

    class Gemini(GoogleModel):
        async def _build_content_and_config(self, messages: list[ModelMessage], *args: Any, **options: Any) -> Any:
            """Pydantic AI has options for some fields only."""
            body = {"generationConfig": settings.request_fields}
            ordered = [_in_order(message) for message in messages]
            contents, config = await super()._build_content_and_config(ordered, *args, **options)
            config["http_options"] = {**(config["http_options"] or {}), "extra_body": body}
            return contents, config

    return Gemini(settings.model_id, provider=GoogleProvider(client=client(settings)))


def _in_order(message: ModelMessage) -> ModelMessage:
    """Pydantic AI takes a signature for that of the next part; Gemini signs the call, which may come after text."""
    if not any(isinstance(part, ThinkingPart) and part.signature for part in message.parts):
        return message
    assert isinstance(message, ModelResponse)
    return replace(message, parts=sorted(message.parts, key=lambda part: not isinstance(part, TextPart)))
