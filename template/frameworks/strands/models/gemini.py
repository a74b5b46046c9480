"""The model: Gemini through Strands."""

from strands.models.gemini import GeminiModel

from .provider import client
from .settings import Settings


def build_model(settings: Settings) -> GeminiModel:
    """One model for the whole process, on one client."""
    return GeminiModel(client=client(settings), model_id=settings.model_id)
