"""The model: Amazon Bedrock through Agent Framework."""

import base64
import json
from typing import Any

import boto3
from agent_framework import Content, UsageDetails
from agent_framework_bedrock import BedrockChatClient

from .parts import FORMATS, Usage
from .provider import DOCUMENTS, IMAGES, TrackedClient, client_config
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> BedrockChatClient:
    """One model for the whole process: its client is thread-safe, costs 165 ms to make and 5 MB to keep."""
    client = boto3.client("bedrock-runtime", region_name=settings.aws_region, config=client_config(settings))
    return ChatClient(client=BedrockClient(client), model=settings.model_id, region=settings.aws_region)


def options(settings: Settings) -> dict[str, Any]:
    """What goes with each model request."""
    return {"additionalModelRequestFields": settings.request_fields or None}


def usage(details: UsageDetails) -> Usage:
    """Tokens of a run. Bedrock counts those that it caches beside the input's, but within the total."""
    written = details.get("output_token_count") or 0
    return Usage((details.get("total_token_count") or written) - written, written)


class ChatClient(BedrockChatClient):  # type: ignore[misc]  # its module has no types
    """Passes documents on too: `BedrockChatClient` skips whatever is no image."""

    def _convert_content_to_bedrock_block(self, content: Content) -> dict[str, Any] | None:
        block: dict[str, Any] | None = super()._convert_content_to_bedrock_block(content)
        return _document(content) if content.media_type in DOCUMENTS else block


def _document(content: Content) -> dict[str, Any]:
    data = base64.b64decode((content.uri or "").partition(";base64,")[2])
    name = (content.name or "").replace(".", " ")  # Bedrock allows no dot
    return {"document": {"name": name, "format": FORMATS[content.media_type or ""], "source": {"bytes": data}}}


class BedrockClient(TrackedClient):
    """Corrects two things that `BedrockChatClient` always sends and offers no option for."""

    def converse_stream(self, **request: Any) -> dict[str, Any]:
        """The model's own output limit instead of 1024 tokens, and tool results as the text that they were."""
        request["inferenceConfig"].pop("maxTokens")
        for message in request["messages"]:
            for block in message["content"]:
                if "toolResult" in block:
                    block["toolResult"]["content"] = [_text(part) for part in block["toolResult"]["content"]]
        return super().converse_stream(**request)


def _text(part: dict[str, Any]) -> dict[str, Any]:
    # A text that happens to be JSON arrives parsed, and Bedrock refuses `json` that is not an object.
    return {"text": json.dumps(part["json"], ensure_ascii=False)} if "json" in part else part
