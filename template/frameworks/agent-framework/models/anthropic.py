"""The model: Anthropic through Agent Framework."""

import base64
from typing import Any

from agent_framework import Content, Message
from agent_framework_anthropic import AnthropicClient

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> AnthropicClient:
    """One model for the whole process, on one client."""
    return ChatClient(model=settings.model_id, anthropic_client=client(settings))


def options(settings: Settings) -> dict[str, Any]:
    """What goes with each model request."""
    return {"max_tokens": settings.max_tokens, "extra_body": settings.request_fields}


class ChatClient(AnthropicClient):
    """Passes documents on too: `AnthropicClient` ignores whatever is no image."""

    def _prepare_message_for_anthropic(self, message: Message) -> dict[str, Any]:
        documents = [_document(content) for content in message.contents if content.media_type in DOCUMENTS]
        prepared = super()._prepare_message_for_anthropic(message)
        return {**prepared, "content": [*documents, *prepared["content"]]}


def _document(content: Content) -> dict[str, Any]:
    data = (content.uri or "").partition(";base64,")[2]
    if content.media_type == "text/plain":
        text = base64.b64decode(data).decode(errors="replace")
        return {"type": "document", "source": {"type": "text", "media_type": content.media_type, "data": text}}
    return {"type": "document", "source": {"type": "base64", "media_type": content.media_type, "data": data}}
