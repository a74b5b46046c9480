"""The model: OpenAI through Strands."""

import mimetypes
from typing import Any

from strands.models.openai import OpenAIModel
from strands.types.content import ContentBlock

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS
mimetypes.add_type("image/webp", ".webp")  # Strands asks there, and Python does not know it before 3.13


class ChatModel(OpenAIModel):
    """OpenAI refuses the field `format` that Strands gives an image."""

    @classmethod
    def format_request_message_content(cls, content: ContentBlock, **options: Any) -> dict[str, Any]:
        """The content as OpenAI takes it."""
        part = super().format_request_message_content(content, **options)
        part.get("image_url", {}).pop("format", None)
        return part


def build_model(settings: Settings) -> OpenAIModel:
    """One model for the whole process, on one client."""
    fields = {"extra_body": settings.request_fields}
    return ChatModel(client=client(settings), model_id=settings.model_id, params=fields)
