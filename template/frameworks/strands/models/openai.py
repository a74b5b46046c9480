"""The model: OpenAI through Strands."""

from strands.models.openai import OpenAIModel

from .provider import client
from .settings import Settings


def build_model(settings: Settings) -> OpenAIModel:
    """One model for the whole process, on one client."""
    return OpenAIModel(client=client(settings), model_id=settings.model_id)
