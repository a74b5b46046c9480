"""The model: Gemini through Agno."""

import json
from itertools import zip_longest
from typing import Any

from agno.media import File, Image
from agno.models.google import Gemini
from agno.models.message import Message
from agno.models.response import ModelResponse
from google.genai.types import FunctionDeclaration, Tool

from .conversation.history import Answer, Attachment, Call, Question
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> Gemini:
    """One model for the whole process, on one client."""
    fields = {"http_options": {"extra_body": {"generationConfig": settings.request_fields}}}
    return Model(id=settings.model_id, client=client(settings), generative_model_kwargs=fields)


class Model(Gemini):
    """Agno's model, whose tools have the schemas that they have: Agno's own form of them leaves much out."""

    def get_request_params(self, *args: Any, tools: list[dict[str, Any]] | None = None, **options: Any) -> Any:
        """The request, but for its contents."""
        request = super().get_request_params(*args, **options)
        if tools:
            request["config"].tools = [Tool(function_declarations=[_tool(tool["function"]) for tool in tools])]
        return request


def _tool(function: dict[str, Any]) -> FunctionDeclaration:
    return FunctionDeclaration(
        name=function["name"],
        description=function["description"],
        parameters_json_schema=function["parameters"],
    )


def signatures(response: ModelResponse) -> list[str]:
    """The signatures in a piece of the answer: of its calls, or of its text."""
    holders = [*(response.tool_calls or []), response.provider_data or {}]
    return [holder["thought_signature"] for holder in holders if "thought_signature" in holder]


{% include 'template/frameworks/agno/models/messages.py' %}


def answer_message(step: Answer) -> Message:
    """The answer as Agno has it. What the model signed is the first call, or the text where there is none."""
    signed = [{"thought_signature": thought.signature} for thought in step.thoughts if thought.signature]
    calls = [call | sign for call, sign in zip_longest(map(_call, step.calls), signed[: len(step.calls)], fillvalue={})]
    data = signed[-1] if signed and not calls else None
    return Message(role="assistant", content=step.text or None, tool_calls=calls or None, provider_data=data)
