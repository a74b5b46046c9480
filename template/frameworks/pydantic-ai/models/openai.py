"""The model: OpenAI through Pydantic AI."""

from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> Model:
    """One model for the whole process, on one client."""
    provider = OpenAIProvider(openai_client=client(settings))
    options = ModelSettings(extra_body=settings.request_fields)
    return OpenAIChatModel(settings.model_id, provider=provider, settings=options)
