"""The model: Amazon Bedrock through Agent Framework."""

import base64
from typing import Any

import boto3
from agent_framework import Content
from agent_framework_bedrock import BedrockChatClient

from .conversation.history import FORMATS
from .provider import DOCUMENTS, IMAGES, TrackedClient, client_config
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> BedrockChatClient:
    """One model for the whole process: its client is thread-safe, costs 165 ms to make and 5 MB to keep."""
    client = boto3.client("bedrock-runtime", region_name=settings.aws_region, config=client_config(settings))
    return ChatClient(client=BedrockClient(client, settings), model=settings.model_id, region=settings.aws_region)


def options(settings: Settings) -> dict[str, Any]:
    """What goes with each model request."""
    return {"additionalModelRequestFields": settings.request_fields or None}


class ChatClient(BedrockChatClient):  # type: ignore[misc]  # its module has no types
    """Passes on what `BedrockChatClient` skips or changes: documents, and a tool's text that happens to be JSON."""

    def _convert_content_to_bedrock_block(self, content: Content) -> dict[str, Any] | None:
        if content.media_type in DOCUMENTS:
            return _document(content)
        if content.type == "function_result":
            text = {"text": str(content.result)}
            return {"toolResult": {"toolUseId": content.call_id, "content": [text], "status": "success"}}
        block: dict[str, Any] | None = super()._convert_content_to_bedrock_block(content)
        return block


def _document(content: Content) -> dict[str, Any]:
    data = base64.b64decode((content.uri or "").partition(";base64,")[2])
    name = (content.name or "").replace(".", " ")  # Bedrock allows no dot
    return {"document": {"name": name, "format": FORMATS[content.media_type or ""], "source": {"bytes": data}}}


class BedrockClient(TrackedClient):
    """Leaves the output limit to the model: `BedrockChatClient` always sends 1024 tokens, and has no option for it."""

    def converse_stream(self, **request: Any) -> dict[str, Any]:
        """The response of boto3's `converse_stream`."""
        request["inferenceConfig"].pop("maxTokens")
        return super().converse_stream(**request)
