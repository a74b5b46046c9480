"""The model: Amazon Bedrock through LangChain."""

from langchain.chat_models import BaseChatModel
from langchain_aws import ChatBedrockConverse

from .provider import DOCUMENTS, IMAGES, TrackedClient, client_config
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> BaseChatModel:
    """One model for the whole process: its clients are thread-safe, and cost 300 ms to make and 10 MB to keep."""
    model = ChatBedrockConverse(
        model=settings.model_id,
        region_name=settings.aws_region,
        config=client_config(settings),
        additional_model_request_fields=settings.request_fields,
        disable_streaming=False,  # LangChain only streams models that it knows
    )
    model.client = TrackedClient(model.client, settings)
    return model
