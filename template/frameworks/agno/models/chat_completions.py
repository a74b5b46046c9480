"""The model: OpenAI through Agno."""

import json
from typing import Any

from agno.media import File, Image
from agno.models.message import Message
from agno.models.openai import {{ base }}
from agno.models.response import ModelResponse

from .conversation.history import Answer, Attachment, Call, Question
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> {{ base }}:
    """One model for the whole process, on one client."""
    return {{ base }}(id=settings.model_id, async_client=client(settings), extra_body=settings.request_fields)


def signatures(_response: ModelResponse) -> list[str]:
    """None: chat completions have no signed thoughts."""
    return []


{% include 'template/frameworks/agno/models/messages.py' %}


def answer_message(step: Answer) -> Message:
    """The answer as Agno has it."""
    return Message(role="assistant", content=step.text or None, tool_calls=[*map(_call, step.calls)] or None)
