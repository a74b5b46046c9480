"""The model: Gemini through Pydantic AI."""

from typing import Any

from pydantic_ai.models import Model
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.google import GoogleProvider

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> Model:
    """One model for the whole process, on one client."""

    class Gemini(GoogleModel):
        async def _build_content_and_config(self, *args: Any, **options: Any) -> Any:
            """Pydantic AI has options for some fields only."""
            body = {"generationConfig": settings.request_fields}
            contents, config = await super()._build_content_and_config(*args, **options)
            config["http_options"] = {**(config["http_options"] or {}), "extra_body": body}
            return contents, config

    return Gemini(settings.model_id, provider=GoogleProvider(client=client(settings)))
