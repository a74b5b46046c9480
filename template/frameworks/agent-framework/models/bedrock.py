"""The model: Amazon Bedrock through Agent Framework."""

import json
from typing import Any

import boto3
from agent_framework_bedrock import BedrockChatClient

from .provider import TrackedClient, client_config
from .settings import Settings


def build_model(settings: Settings) -> BedrockChatClient:
    """One model for the whole process: its client is thread-safe, costs 165 ms to make and 5 MB to keep."""
    client = boto3.client("bedrock-runtime", region_name=settings.aws_region, config=client_config(settings))
    return BedrockChatClient(client=BedrockClient(client), model=settings.model_id, region=settings.aws_region)


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
