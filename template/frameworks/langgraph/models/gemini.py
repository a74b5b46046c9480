"""The model: Gemini through LangChain."""

from typing import Any

from google.genai.types import GenerationConfig
from langchain.chat_models import BaseChatModel
from langchain_google_genai import ChatGoogleGenerativeAI

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> BaseChatModel:
    """One model for the whole process, on one client."""

    class Model(ChatGoogleGenerativeAI):
        def _prepare_params(self, *args: Any, **options: Any) -> GenerationConfig:
            """LangChain has options for some fields only."""
            return super()._prepare_params(*args, **options | {"generation_config": settings.request_fields})

    options: dict[str, Any] = {"model": settings.model_id, "max_retries": 1}
    model = Model(**options)
    model.client = client(settings)
    return model
