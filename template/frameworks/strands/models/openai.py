"""The model: OpenAI through Strands."""

import mimetypes

from strands.models.openai import OpenAIModel

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS
mimetypes.add_type("image/webp", ".webp")  # Strands asks there, and Python does not know it before 3.13


def build_model(settings: Settings) -> OpenAIModel:
    """One model for the whole process, on one client."""
    fields = {"extra_body": settings.request_fields}
    return OpenAIModel(client=client(settings), model_id=settings.model_id, params=fields)
