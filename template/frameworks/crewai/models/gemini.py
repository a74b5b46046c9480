"""The model: Gemini's `streamGenerateContent`.

https://ai.google.dev/api/generate-content
"""

import base64
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from google.genai import types
from google.genai.types import Blob, Content, FunctionCall, FunctionDeclaration, FunctionResponse

from .conversation.history import Answer, Attachment, Call, Question, Result, Results, Step
from .provider import DOCUMENTS, IMAGES, client
from .runs.parts import Part, Reasoning, ReasoningSignature, Text, ToolCallArguments, ToolCallEnd, ToolCallStart
from .settings import Settings
from .tools.toolbox import Tool

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> "Model":
    """One model for the whole process, on one client."""
    return Model(settings)


class Model:
    """A Gemini model."""

    def __init__(self, settings: Settings) -> None:
        self._generate: Any = client(settings).aio.models.generate_content_stream
        self._model_id = settings.model_id
        self._fields = types.HttpOptions(extra_body={"generationConfig": settings.request_fields})

    async def stream(self, instructions: str, steps: Sequence[Step], tools: Sequence[Tool]) -> AsyncGenerator[Part]:
        """The model's answer to these steps, piece by piece."""
        config = types.GenerateContentConfig(
            system_instruction=instructions,
            tools=[types.Tool(function_declarations=[*map(_tool, tools)])] if tools else None,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            http_options=self._fields,
        )
        contents = [_content(step) for step in steps]
        stream = await self._generate(model=self._model_id, contents=contents, config=config)
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                for part in _parts(chunk):
                    yield part


def _parts(chunk: types.GenerateContentResponse) -> Iterator[Part]:
    candidate = chunk.candidates[0] if chunk.candidates else types.Candidate()
    for part in (candidate.content and candidate.content.parts) or []:
        if part.text and part.thought:
            yield Reasoning(part.text)
        if part.thought_signature:
            yield ReasoningSignature(base64.b64encode(part.thought_signature).decode())
        if part.function_call:
            yield from _call_parts(part.function_call)
        elif part.text and not part.thought:
            yield Text(part.text)


def _call_parts(call: FunctionCall) -> Iterator[Part]:
    id = call.id or f"call-{uuid4()}"
    yield ToolCallStart(id, call.name or "")
    yield ToolCallArguments(id, json.dumps(call.args or {}))
    yield ToolCallEnd(id)


def _tool(tool: Tool) -> FunctionDeclaration:
    return FunctionDeclaration(name=tool.name, description=tool.description, parameters_json_schema=tool.parameters)


def _content(step: Step) -> Content:
    if isinstance(step, Question):
        return Content(role="user", parts=[*map(_file, step.attachments), types.Part(text=step.text)])
    if isinstance(step, Results):
        return Content(role="user", parts=[*map(_result, step.results)])
    return Content(role="model", parts=_answer_parts(step))


def _answer_parts(step: Answer) -> list[types.Part]:
    """What the model said, signed as it was: its first call, or its text where there is none."""
    text = [types.Part(text=step.text)] if step.text else []
    calls = [_call(call) for call in step.calls]
    signatures = (base64.b64decode(thought.signature) for thought in step.thoughts if thought.signature)
    for part, signature in zip(calls or text, signatures, strict=False):
        part.thought_signature = signature
    return [*text, *calls]


def _call(call: Call) -> types.Part:
    return types.Part(function_call=FunctionCall(id=call.id, name=call.name, args=call.arguments))


def _result(result: Result) -> types.Part:
    response = {"result": result.content}
    return types.Part(function_response=FunctionResponse(id=result.call.id, name=result.call.name, response=response))


def _file(attachment: Attachment) -> types.Part:
    return types.Part(inline_data=Blob(data=attachment.data, mime_type=attachment.media_type))
