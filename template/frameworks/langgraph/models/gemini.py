"""The model: Gemini through LangChain."""

from langchain.chat_models import BaseChatModel
from langchain_google_genai import ChatGoogleGenerativeAI

from .provider import client
from .settings import Settings


def build_model(settings: Settings) -> BaseChatModel:
    """One model for the whole process, on one client."""
    model = ChatGoogleGenerativeAI(model=settings.model_id, max_retries=1)
    model.client = client(settings)
    return model
