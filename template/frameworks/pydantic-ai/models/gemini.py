"""The model: Gemini through Pydantic AI."""

from pydantic_ai.models import Model
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.google import GoogleProvider

from .provider import client
from .settings import Settings


def build_model(settings: Settings) -> Model:
    """One model for the whole process, on one client."""
    return GoogleModel(settings.model_id, provider=GoogleProvider(client=client(settings)))
