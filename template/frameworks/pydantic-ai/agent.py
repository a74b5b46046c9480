"""The agent: Pydantic AI (https://ai.pydantic.dev), told in the parts of `runs/parts.py`."""

import base64
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pydantic_ai
from anyio import to_thread
from pydantic_ai import Agent, AgentRunResultEvent, AgentStreamEvent, RunContext, UsageLimits
from pydantic_ai.exceptions import UsageLimitExceeded
from pydantic_ai.messages import (
    BinaryContent,
    FunctionToolCallEvent,
    FunctionToolResultEvent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from .conversation.history import Answer, Prompt, Question, Results, Step
from .errors import Failure
from .runs import parts
from .runs.parts import Part
from .settings import Settings
from .tools.toolbox import Tool

pydantic_ai.BANNER_ENABLED = False

AGENT: Agent[None, str | None] = Agent(output_type=[str, type(None)])
"""It has nothing of its own: all that a run needs comes with the run. A model may have nothing to say."""
ANYTHING = SchemaValidator(core_schema.any_schema())
REDACTED = "redacted:"
"""Begins the signature of a thought that the provider shows to nobody."""


async def answer(prompt: Prompt, model: Model, settings: Settings) -> AsyncGenerator[Part]:
    """Go on from the prompt until the model has nothing more to call."""
    # Pydantic AI waits for Bedrock in threads of AnyIO, which has 40 of them unless told otherwise.
    to_thread.current_default_thread_limiter().total_tokens = 40 + settings.max_runs
    run = AGENT.run_stream_events(
        message_history=[_message(step, model) for step in prompt.steps],
        model=model,
        instructions=prompt.instructions,
        toolsets=[Toolset(prompt.tools)],
        usage_limits=UsageLimits(request_limit=settings.max_turns),
        retries=settings.max_turns,
    )
    translation = Translation({tool.name for tool in prompt.tools})
    try:
        async with run as events:
            async for event in events:
                for part in translation.parts(event):
                    yield part
    except UsageLimitExceeded as error:
        raise Failure("turn_limit") from error


class Toolset(AbstractToolset[None]):
    """Tools that are given the arguments as the model wrote them: they check them themselves."""

    id = None

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    async def get_tools(self, ctx: RunContext[None]) -> dict[str, ToolsetTool[None]]:
        """All of them."""
        return {name: self._described(tool, ctx.max_retries) for name, tool in self._tools.items()}

    def _described(self, tool: Tool, max_retries: int) -> ToolsetTool[None]:
        definition = ToolDefinition(
            name=tool.name, description=tool.description, parameters_json_schema=tool.parameters, strict=False
        )
        return ToolsetTool(toolset=self, tool_def=definition, max_retries=max_retries, args_validator=ANYTHING)

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[None], tool: ToolsetTool[None]
    ) -> str:
        """The result, as the model will read it."""
        return await self._tools[name].call(tool_args, ctx.tool_call_id or "")


class Translation:
    """Reads Pydantic AI's events; those it yields nothing for repeat what others said, or say what is to come."""

    def __init__(self, tools: set[str]) -> None:
        self._tools = tools
        self._call_ids: dict[int, str] = {}

    def parts(self, event: AgentStreamEvent | AgentRunResultEvent[Any]) -> Iterator[Part]:
        """The parts in one event of `Agent.run_stream_events`."""
        match event:
            case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                yield parts.Text(text)
            case PartStartEvent(part=ThinkingPart(content=thought)):
                yield parts.Reasoning(thought)
            case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=str(thought))):
                yield parts.Reasoning(thought)
            case PartEndEvent(part=ThinkingPart(signature=str(data), id="redacted_content")):
                yield parts.ReasoningSignature(REDACTED + base64.b64encode(data.encode()).decode())
            case PartEndEvent(part=ThinkingPart(signature=str(data), id="redacted_thinking")):
                yield parts.ReasoningSignature(REDACTED + data)
            case PartEndEvent(part=ThinkingPart(signature=str(signature))):
                yield parts.ReasoningSignature(signature)
            case PartStartEvent(index=index, part=ToolCallPart() as call):
                self._call_ids[index] = call.tool_call_id
                yield from _call_parts(call)
            case PartDeltaEvent(index=index, delta=ToolCallPartDelta(args_delta=str(delta))):
                yield parts.ToolCallArguments(self._call_ids[index], delta)
            case FunctionToolCallEvent(part=call):
                yield parts.ToolCallEnd(call.tool_call_id)
            case FunctionToolResultEvent(part=result):
                unknown = None if result.tool_name in self._tools else f"Error: there is no tool {result.tool_name}."
                yield parts.ToolResult(result.tool_call_id, unknown or result.model_response_str())


def _call_parts(call: ToolCallPart) -> Iterator[Part]:
    if signature := (call.provider_details or {}).get("thought_signature"):  # Gemini signs calls
        yield parts.ReasoningSignature(signature)
    yield parts.ToolCallStart(call.tool_call_id, call.tool_name)
    if isinstance(call.args, str):  # the first piece of them
        yield parts.ToolCallArguments(call.tool_call_id, call.args)
    elif call.args:
        yield parts.ToolCallArguments(call.tool_call_id, call.args_as_json_str())


def _message(step: Step, model: Model) -> ModelMessage:
    if isinstance(step, Question):
        return ModelRequest([_prompt(step)])
    if isinstance(step, Results):
        results = step.results
        return ModelRequest([ToolReturnPart(result.call.name, result.content, result.call.id) for result in results])
    return ModelResponse(_answer_parts(step, model), provider_name=model.system)


def _prompt(question: Question) -> UserPromptPart:
    if not question.attachments:
        return UserPromptPart(question.text)  # not every server with OpenAI's API takes a list
    files = (BinaryContent(attachment.data, media_type=attachment.media_type) for attachment in question.attachments)
    return UserPromptPart([*files, question.text])


def _answer_parts(step: Answer, model: Model) -> list[ThinkingPart | TextPart | ToolCallPart]:
    """Thoughts that are not signed are not sent: providers want back only what they signed."""
    signed = ((thought.text, thought.signature) for thought in step.thoughts if thought.signature)
    thoughts = [_thought(text, signature, model.system) for text, signature in signed]
    text = [TextPart(step.text)] if step.text else []
    return [*thoughts, *text, *(ToolCallPart(call.name, call.arguments, call.id) for call in step.calls)]


def _thought(text: str, signature: str, system: str) -> ThinkingPart:
    if not signature.startswith(REDACTED):
        return ThinkingPart(text, signature=signature, provider_name=system)
    data = signature.removeprefix(REDACTED)
    data = base64.b64decode(data).decode() if system == "bedrock" else data  # what is text elsewhere is bytes there
    return ThinkingPart("", id="redacted_thinking", signature=data, provider_name=system)
