"""The model: Anthropic through Pydantic AI."""

from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel, AnthropicModelSettings
from pydantic_ai.providers.anthropic import AnthropicProvider

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> Model:
    """One model for the whole process, on one client."""
    provider = AnthropicProvider(anthropic_client=client(settings))
    options = AnthropicModelSettings(max_tokens=settings.max_tokens, extra_body=settings.request_fields)
    return AnthropicModel(settings.model_id, provider=provider, settings=options)
