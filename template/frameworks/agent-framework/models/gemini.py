"""The model: Gemini through Agent Framework."""

from typing import Any

from agent_framework_gemini import GeminiChatClient

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> GeminiChatClient:
    """One model for the whole process, on one client."""
    return GeminiChatClient(model=settings.model_id, client=client(settings))


def options(settings: Settings) -> dict[str, Any]:
    """What goes with each model request: fields of `generationConfig`."""
    return settings.request_fields
