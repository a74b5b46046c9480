"""The model: Anthropic through Agno."""

import base64
from collections.abc import AsyncIterator
from typing import Any

from agno.models.anthropic import Claude
from agno.models.message import Message
from agno.models.response import ModelResponse

from .conversation.history import Answer, Attachment, Call, Question, Thought
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS
REDACTED = "redacted:"
"""Begins the signature of a thought that the provider shows to nobody."""


def build_model(settings: Settings) -> Claude:
    """One model for the whole process, on one client."""
    return Model(
        id=settings.model_id,
        max_tokens=settings.max_tokens,
        async_client=client(settings),
        request_params={"extra_body": settings.request_fields},
    )


class Model(Claude):
    """Agno's model, whose tools have the schemas that they have: Agno's own form of them leaves much out."""

    async def ainvoke_stream(self, *args: Any, **options: Any) -> AsyncIterator[ModelResponse]:
        """The answer, piece by piece."""
        options["tools"] = [_tool(tool["function"]) for tool in options["tools"] or []]
        async for response in super().ainvoke_stream(*args, **options):
            yield response


def signatures(response: ModelResponse) -> list[str]:
    """The signatures of thoughts in a piece of the answer."""
    signature, redacted = (response.provider_data or {}).get("signature"), response.redacted_reasoning_content
    return [*([signature] if signature else []), *([REDACTED + redacted] if redacted else [])]


def question_message(step: Question) -> Message:
    """The question, in Anthropic's blocks. Agno's own images are sent only if it recognizes their content."""
    return Message(role="user", content=[*map(_file, step.attachments), {"type": "text", "text": step.text}])


def answer_message(step: Answer) -> Message:
    """The answer, in Anthropic's blocks, which Agno sends as they are if it knows their calls."""
    thoughts = [_thought(thought) for thought in step.thoughts if thought.signature]
    text = [{"type": "text", "text": step.text}] if step.text else []
    blocks = [*thoughts, *text, *map(_call, step.calls)]
    calls = [{"id": call.id} for call in step.calls]
    return Message(role="assistant", tool_calls=calls, provider_data={"content_blocks": blocks})


def _thought(thought: Thought) -> dict[str, Any]:
    signature = thought.signature or ""
    if signature.startswith(REDACTED):
        return {"type": "redacted_thinking", "data": signature.removeprefix(REDACTED)}
    return {"type": "thinking", "thinking": thought.text, "signature": signature}


def _call(call: Call) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": function["name"],
        "description": function["description"],
        "input_schema": function["parameters"],
    }


def _file(attachment: Attachment) -> dict[str, Any]:
    kind = "image" if attachment.is_image else "document"
    return {"type": kind, "source": _source(attachment)}


def _source(attachment: Attachment) -> dict[str, str]:
    if attachment.media_type == "text/plain":
        return {"type": "text", "media_type": "text/plain", "data": attachment.data.decode(errors="replace")}
    data = base64.b64encode(attachment.data).decode()
    return {"type": "base64", "media_type": attachment.media_type, "data": data}
