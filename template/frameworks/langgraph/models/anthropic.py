"""The model: Anthropic through LangChain."""

from functools import cached_property
from typing import Any

from anthropic import AsyncAnthropic
from langchain.chat_models import BaseChatModel
from langchain_anthropic import ChatAnthropic

from .provider import client
from .settings import Settings


def build_model(settings: Settings) -> BaseChatModel:
    """One model for the whole process, on one client."""
    anthropic = client(settings)

    class Model(ChatAnthropic):
        @cached_property
        def _async_client(self) -> AsyncAnthropic:
            """LangChain has no option for it."""
            return anthropic

    options: dict[str, Any] = {"model": settings.model_id, "max_tokens": settings.max_tokens}
    return Model(**options)
