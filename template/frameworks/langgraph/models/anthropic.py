"""The model: Anthropic through LangChain."""

import base64
from functools import cached_property
from typing import Any

from anthropic import AsyncAnthropic
from langchain.chat_models import BaseChatModel
from langchain_anthropic import ChatAnthropic

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> BaseChatModel:
    """One model for the whole process, on one client."""
    anthropic = client(settings)

    class Model(ChatAnthropic):
        @cached_property
        def _async_client(self) -> AsyncAnthropic:
            """LangChain has no option for it."""
            return anthropic

        def _get_request_payload(self, *args: Any, **options: Any) -> dict[str, Any]:
            payload = super()._get_request_payload(*args, **options)
            for message in payload["messages"]:
                for block in message["content"]:
                    _send_text_as_text(block)
            return payload

    options: dict[str, Any] = {"model": settings.model_id, "max_tokens": settings.max_tokens}
    thinking = settings.request_fields.get("thinking")  # told of it, LangChain keeps what the model thinks
    return Model(**options, thinking=thinking, model_kwargs={"extra_body": settings.request_fields})


def _send_text_as_text(block: Any) -> None:
    """A text document is text: LangChain makes base64 of it, which Anthropic takes of a PDF only."""
    match block:
        case {"type": "document", "source": {"type": "base64", "media_type": "text/plain", "data": data} as source}:
            source |= {"type": "text", "data": base64.b64decode(data).decode(errors="replace")}
