"""The model: Amazon Bedrock through LangChain."""

from typing import Any

from langchain.chat_models import BaseChatModel
from langchain_aws import ChatBedrockConverse
from langchain_aws.utils import parse_model_provider

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
        **_of_arn(settings.model_id),
    )
    model.disable_streaming = False  # nor does it listen where an ARN names the model
    model.client = TrackedClient(model.client, settings)
    return model


def _of_arn(model_id: str) -> dict[str, Any]:
    """What LangChain must be told of an ARN's model. It asks AWS which one an application inference profile has.

    That would be a call, and a permission, before the first request; so such a profile is taken for one of Claude.
    """
    if not model_id.startswith("arn:"):
        return {}
    name = model_id.rpartition("/")[2]
    base = name if "." in name else "anthropic.claude"
    return {"base_model_id": base, "provider": parse_model_provider(base)}
