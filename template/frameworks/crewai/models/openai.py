"""The model: OpenAI's chat completions.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

import base64
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

from .conversation.history import Answer, Attachment, Call, Question, Result, Results, Step
from .provider import DOCUMENTS, IMAGES, client
from .runs.parts import Part, Reasoning, Text, ToolCallArguments, ToolCallEnd, ToolCallStart
from .settings import Settings
from .tools.toolbox import Tool

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> "Model":
    """One model for the whole process, on one client."""
    return Model(settings)


class Model:
    """A model with OpenAI's chat completions."""

    def __init__(self, settings: Settings) -> None:
        self._create: Any = client(settings).chat.completions.create
        self._settings = settings

    async def stream(self, instructions: str, steps: Sequence[Step], tools: Sequence[Tool]) -> AsyncGenerator[Part]:
        """The model's answer to these steps, piece by piece."""
        system = {"role": "system", "content": instructions}
        stream = await self._create(
            model=self._settings.model_id,
            messages=[system, *(message for step in steps for message in _messages(step))],
            extra_body=self._settings.request_fields,
            stream=True,
            stream_options={"include_usage": True},
            **({"tools": [_tool(tool) for tool in tools]} if tools else {}),
        )
        translation = Translation()
        async with stream:
            async for chunk in stream:
                for part in translation.parts(chunk):
                    yield part


class Translation:
    """Reads the chunks of one call."""

    def __init__(self) -> None:
        self._call_ids: dict[int, str] = {}

    def parts(self, chunk: Any) -> Iterator[Part]:
        """The parts in one chunk."""
        for choice in chunk.choices:
            if choice.delta:
                yield from self._delta(choice.delta)
            if choice.finish_reason:
                yield from map(ToolCallEnd, self._call_ids.values())

    def _delta(self, delta: Any) -> Iterator[Part]:
        # Not OpenAI's own: servers with its API name it the one way or the other.
        extra = delta.model_extra or {}
        if thought := extra.get("reasoning_content") or extra.get("reasoning"):
            yield Reasoning(thought)
        if delta.content:
            yield Text(delta.content)
        for call in delta.tool_calls or []:
            yield from self._call(call)

    def _call(self, call: Any) -> Iterator[Part]:
        if call.index not in self._call_ids and call.id and call.function:
            yield from map(ToolCallEnd, self._call_ids.values())
            self._call_ids[call.index] = call.id
            yield ToolCallStart(call.id, call.function.name or "")
        if call.function and call.function.arguments:
            yield ToolCallArguments(self._call_ids[call.index], call.function.arguments)


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _messages(step: Step) -> list[dict[str, Any]]:
    if isinstance(step, Question):
        return [{"role": "user", "content": [*map(_file, step.attachments), {"type": "text", "text": step.text}]}]
    return [*map(_result, step.results)] if isinstance(step, Results) else [_answer(step)]


def _answer(step: Answer) -> dict[str, Any]:
    message = {"role": "assistant", "content": step.text or None}
    return message | ({"tool_calls": [*map(_call, step.calls)]} if step.calls else {})


def _call(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _result(result: Result) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": result.call.id, "content": result.content}


def _file(attachment: Attachment) -> dict[str, Any]:
    url = f"data:{attachment.media_type};base64,{base64.b64encode(attachment.data).decode()}"
    if attachment.is_image:
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": f"{attachment.name}.{attachment.format}", "file_data": url}}
