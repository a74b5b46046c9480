"""The model: Anthropic through Strands."""

from strands.models.anthropic import AnthropicModel

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> AnthropicModel:
    """One model for the whole process, on one client."""
    model = AnthropicModel(model_id=settings.model_id, max_tokens=settings.max_tokens, params=settings.request_fields)
    model.client = client(settings)
    return model
