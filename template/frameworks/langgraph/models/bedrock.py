"""The model: Amazon Bedrock through LangChain."""

from langchain.chat_models import BaseChatModel
from langchain_aws import ChatBedrockConverse

from .provider import TrackedClient, client_config
from .settings import Settings


def build_model(settings: Settings) -> BaseChatModel:
    """One model for the whole process: its clients are thread-safe, and cost 300 ms to make and 10 MB to keep."""
    model = ChatBedrockConverse(
        model=settings.model_id,
        region_name=settings.aws_region,
        config=client_config(settings),
        disable_streaming=False,  # LangChain only streams models that it knows
    )
    model.client = TrackedClient(model.client)
    return model
