"""The model: OpenAI through Pydantic AI."""

from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from .provider import client
from .settings import Settings


def build_model(settings: Settings) -> Model:
    """One model for the whole process, on one client."""
    return OpenAIChatModel(settings.model_id, provider=OpenAIProvider(openai_client=client(settings)))
