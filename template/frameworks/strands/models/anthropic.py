"""The model: Anthropic through Strands."""

from strands.models.anthropic import AnthropicModel

from .provider import client
from .settings import Settings


def build_model(settings: Settings) -> AnthropicModel:
    """One model for the whole process, on one client."""
    model = AnthropicModel(model_id=settings.model_id, max_tokens=settings.max_tokens)
    model.client = client(settings)
    return model
