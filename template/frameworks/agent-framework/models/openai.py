"""The model: OpenAI through Agent Framework."""

from typing import Any

from agent_framework import Message
from agent_framework_openai import OpenAIChatCompletionClient

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> OpenAIChatCompletionClient:
    """One model for the whole process, on one client."""
    return OpenAIChatCompletionClient(
        model=settings.model_id, async_client=client(settings), message_preparer=in_one_message
    )


{% include 'template/frameworks/agent-framework/chat_completions.py' %}
