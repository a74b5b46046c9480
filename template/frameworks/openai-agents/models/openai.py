"""The model: OpenAI through its Agents SDK."""

from agents import OpenAIChatCompletionsModel

from .provider import client
from .settings import Settings


def build_model(settings: Settings) -> OpenAIChatCompletionsModel:
    """One model for the whole process, on one client."""
    return OpenAIChatCompletionsModel(settings.model_id, client(settings))
