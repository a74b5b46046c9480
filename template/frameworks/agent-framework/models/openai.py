"""The model: OpenAI through Agent Framework."""

from agent_framework_openai import OpenAIChatCompletionClient

from .provider import client
from .settings import Settings


def build_model(settings: Settings) -> OpenAIChatCompletionClient:
    """One model for the whole process, on one client."""
    return OpenAIChatCompletionClient(model=settings.model_id, async_client=client(settings))
