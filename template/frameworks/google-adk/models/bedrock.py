"""The model: Amazon Bedrock for ADK, which reaches it only through LiteLLM."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from google.adk.models import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from google.genai.types import Blob, Content, FunctionCall, FunctionResponse, PartialArg
from pydantic import Field

from .conversation.history import Answer, Attachment, Call, Question, Result, Results, Step, Thought
from .provider import DOCUMENTS, IMAGES
from .provider.converse import converse
from .provider.said import answer_of
from .runs.parts import Part, Reasoning, ReasoningSignature, Text, ToolCallArguments, ToolCallEnd, ToolCallStart
from .settings import Settings
from .tools.toolbox import Tool

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> BaseLlm:
    """One model for the whole process, on one client."""
    return BedrockLlm(model=settings.model_id, converse=converse(settings))


{% include 'template/frameworks/google-adk/models/signed.py' %}


class BedrockLlm(BaseLlm):
    """A Bedrock model. It reads steps out of ADK's contents, and tells parts in them."""

    converse: Any = Field(exclude=True, repr=False)

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Each piece of the answer if `stream`, then the whole of it."""
        instructions = str(llm_request.config.system_instruction)
        steps = [_step(content) for content in llm_request.contents]
        told: list[Part] = []
        async with aclosing(self.converse.stream(instructions, steps, _tools(llm_request))) as parts:
            async for part in parts:
                told.append(part)
                if stream:
                    yield _response([_piece(part)], partial=True)
        yield _response(_whole(answer_of(told)), partial=False)


def _response(parts: list[types.Part], partial: bool) -> LlmResponse:
    return LlmResponse(content=Content(role="model", parts=parts), partial=partial)


def _piece(part: Part) -> types.Part:
    match part:
        case Text(delta):
            return types.Part(text=delta)
        case Reasoning(delta):
            return types.Part(text=delta, thought=True)
        case ReasoningSignature(value):
            return types.Part(thought=True, thought_signature=value.encode())
        case ToolCallStart(id, name):
            return _call_piece(id=id, name=name, partial_args=[PartialArg(string_value="")], will_continue=True)
        case ToolCallArguments(id, delta):
            return _call_piece(id=id, partial_args=[PartialArg(string_value=delta)], will_continue=True)
        case ToolCallEnd(id):
            return _call_piece(id=id, will_continue=False)
    raise TypeError(part)


def _call_piece(**fields: Any) -> types.Part:
    return types.Part(function_call=FunctionCall(**fields))


def _whole(answer: Answer) -> list[types.Part]:
    thoughts = [_thought(thought) for thought in answer.thoughts if thought.signature]
    text = [types.Part(text=answer.text)] if answer.text else []
    return [*thoughts, *text, *(_call_piece(id=call.id, name=call.name, args=call.arguments) for call in answer.calls)]


def _tools(request: LlmRequest) -> list[Tool]:
    declared: list[Any] = [declaration for tool in request.config.tools or [] for declaration in _declarations(tool)]
    return [Tool(each.name, each.description, each.parameters_json_schema) for each in declared]


def _declarations(tool: Any) -> list[Any]:
    return tool.function_declarations or []


def _step(content: Content) -> Step:
    parts: Sequence[types.Part] = content.parts or []
    text = "\n\n".join(part.text for part in parts if part.text and not part.thought)
    if content.role == "model":
        thoughts = (_read_thought(part) for part in parts if part.thought)
        return Answer(tuple(thoughts), text, tuple(_call(part.function_call) for part in parts if part.function_call))
    if responses := [part.function_response for part in parts if part.function_response]:
        return Results(tuple(map(_result, responses)))
    return Question(text, tuple(_attachment(part.inline_data) for part in parts if part.inline_data))


def _read_thought(part: types.Part) -> Thought:
    return Thought(part.text or "", (part.thought_signature or b"").decode())


def _call(call: FunctionCall) -> Call:
    return Call(call.id or "", call.name or "", call.args or {})


def _result(response: FunctionResponse) -> Result:
    values = response.response or {}
    text = values["result"] if "result" in values else f"Error: {values.get('error')}"
    return Result(Call(response.id or "", response.name or "", {}), text)


def _attachment(file: Blob) -> Attachment:
    return Attachment(file.mime_type or "", file.data or b"", file.display_name or "")
