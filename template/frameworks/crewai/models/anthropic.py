"""The model: Anthropic's messages. CrewAI's own client keeps thoughts for itself.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import base64
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

from .conversation.history import Answer, Attachment, Call, Question, Result, Results, Step, Thought
from .provider import DOCUMENTS, IMAGES, client
from .runs.parts import Part, Reasoning, ReasoningSignature, Text, ToolCallArguments, ToolCallEnd, ToolCallStart
from .settings import Settings
from .tools.toolbox import Tool

READS = IMAGES | DOCUMENTS
REDACTED = "redacted:"
"""Begins the signature of a thought that the provider shows to nobody."""


def build_model(settings: Settings) -> "Model":
    """One model for the whole process, on one client."""
    return Model(settings)


class Model:
    """A model of Anthropic's."""

    def __init__(self, settings: Settings) -> None:
        self._create: Any = client(settings).messages.create
        self._settings = settings

    async def stream(self, instructions: str, steps: Sequence[Step], tools: Sequence[Tool]) -> AsyncGenerator[Part]:
        """The model's answer to these steps, piece by piece."""
        stream = await self._create(
            model=self._settings.model_id,
            max_tokens=self._settings.max_tokens,
            system=instructions,
            messages=[_message(step) for step in steps],
            tools=[_tool(tool) for tool in tools],
            extra_body=self._settings.request_fields,
            stream=True,
        )
        translation = Translation()
        async with stream:
            async for event in stream:
                for part in translation.parts(event):
                    yield part


class Translation:
    """Reads the events of one call."""

    def __init__(self) -> None:
        self._call_id: str | None = None

    def parts(self, event: Any) -> Iterator[Part]:
        """The parts in one event; most have one."""
        match event.type:
            case "content_block_start" if event.content_block.type == "tool_use":
                self._call_id = event.content_block.id
                yield ToolCallStart(event.content_block.id, event.content_block.name)
            case "content_block_start" if event.content_block.type == "redacted_thinking":
                yield ReasoningSignature(REDACTED + event.content_block.data)
            case "content_block_delta":
                yield from self._delta(event.delta)
            case "content_block_stop" if self._call_id:
                yield ToolCallEnd(self._call_id)
                self._call_id = None

    def _delta(self, delta: Any) -> Iterator[Part]:
        match delta.type:
            case "text_delta":
                yield Text(delta.text)
            case "thinking_delta":
                yield Reasoning(delta.thinking)
            case "signature_delta":
                yield ReasoningSignature(delta.signature)
            case "input_json_delta" if self._call_id:
                yield ToolCallArguments(self._call_id, delta.partial_json)


def _tool(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}


def _message(step: Step) -> dict[str, Any]:
    if isinstance(step, Question):
        return {"role": "user", "content": [*map(_file, step.attachments), {"type": "text", "text": step.text}]}
    if isinstance(step, Results):
        return {"role": "user", "content": [*map(_result, step.results)]}
    return {"role": "assistant", "content": _answer_blocks(step)}


def _answer_blocks(step: Answer) -> list[dict[str, Any]]:
    thoughts = [_thought(thought) for thought in step.thoughts if thought.signature]
    text = [{"type": "text", "text": step.text}] if step.text else []
    return [*thoughts, *text, *map(_call, step.calls)]


def _thought(thought: Thought) -> dict[str, Any]:
    signature = thought.signature or ""
    if signature.startswith(REDACTED):
        return {"type": "redacted_thinking", "data": signature.removeprefix(REDACTED)}
    return {"type": "thinking", "thinking": thought.text, "signature": signature}


def _call(call: Call) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}


def _result(result: Result) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": result.call.id, "content": result.content}


def _file(attachment: Attachment) -> dict[str, Any]:
    kind = "image" if attachment.is_image else "document"
    return {"type": kind, "source": _source(attachment)}


def _source(attachment: Attachment) -> dict[str, str]:
    if attachment.media_type == "text/plain":
        return {"type": "text", "media_type": "text/plain", "data": attachment.data.decode(errors="replace")}
    data = base64.b64encode(attachment.data).decode()
    return {"type": "base64", "media_type": attachment.media_type, "data": data}
