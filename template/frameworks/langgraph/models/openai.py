"""The model: OpenAI through LangChain."""

from langchain.chat_models import BaseChatModel
from langchain_openai import ChatOpenAI

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> BaseChatModel:
    """One model for the whole process, on one client."""
    openai = client(settings)
    return ChatOpenAI(
        model=settings.model_id,
        root_async_client=openai,
        async_client=openai.chat.completions,
        api_key=lambda: openai.api_key,
        extra_body=settings.request_fields,
        stream_usage=True,
        use_responses_api=False,
    )
