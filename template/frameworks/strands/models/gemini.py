"""The model: Gemini through Strands."""

import mimetypes

from strands.models.gemini import GeminiModel

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS
mimetypes.add_type("image/webp", ".webp")  # Strands asks there, and Python does not know it before 3.13


def build_model(settings: Settings) -> GeminiModel:
    """One model for the whole process, on one client."""
    return GeminiModel(client=client(settings), model_id=settings.model_id, params=settings.request_fields)
