"""The agent: LangChain's, on LangGraph (https://docs.langchain.com), told in the parts of `runs/parts.py`."""

import base64
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from langchain.agents import AgentState, create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse, ToolCallRequest
from langchain.chat_models import BaseChatModel
from langchain.messages import AIMessage, AIMessageChunk, AnyMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage
from langchain_core.language_models import FakeListChatModel
from langgraph.errors import GraphRecursionError

from . import provider
from .conversation.history import Answer, Attachment, Prompt, Question, Result, Results, Step
from .errors import Failure
from .runs import parts
from .runs.parts import Part
from .settings import Settings
from .tools.toolbox import Tool

REDACTED = "redacted:"
"""Begins the signature of a thought that the provider shows to nobody."""
REDACTED_BLOCKS: dict[str, Callable[[str], dict[str, Any]]] = {
    "bedrock": lambda data: {"reasoningContent": {"redactedContent": base64.b64decode(data)}},
    "anthropic": lambda data: {"type": "redacted_thinking", "data": data},
}
"""Such a thought, as LangChain's client of each provider that has them wants it back."""
CALL_SIGNATURES = "__gemini_function_call_thought_signatures__"
"""Where LangChain keeps what Gemini signs: calls, by their ids."""


@dataclass(frozen=True)
class Run:
    """What a run brings, as LangGraph's context."""

    prompt: Prompt
    model: BaseChatModel


class ByRun(AgentMiddleware[AgentState[Any], Run]):
    """Gives each model call the run's model, instructions and tools, and calls the tools."""

    async def awrap_model_call(
        self, request: ModelRequest[Run], handler: Callable[[ModelRequest[Run]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """The model's answer."""
        run = request.runtime.context
        instructions = SystemMessage(run.prompt.instructions)
        tools: list[Any] = [_description(tool) for tool in run.prompt.tools]
        return await handler(request.override(model=run.model, system_message=instructions, tools=tools))

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Any) -> ToolMessage:
        """The tool's result. Our tools check their arguments themselves."""
        call, run = request.tool_call, cast(Run, request.runtime.context)
        tool = next((tool for tool in run.prompt.tools if tool.name == call["name"]), None)
        text = await tool.call(call["args"], call["id"] or "") if tool else f"Error: there is no tool {call['name']}."
        return ToolMessage(text, tool_call_id=call["id"], name=call["name"])


AGENT = create_agent(FakeListChatModel(responses=[]), middleware=[ByRun()], context_schema=Run)
"""Compiled once: all that differs between runs comes with the run, the model too."""


async def answer(prompt: Prompt, model: BaseChatModel, settings: Settings) -> AsyncGenerator[Part]:
    """Go on from the prompt until the model has nothing more to call."""
    events = AGENT.astream(
        {"messages": [message for step in prompt.steps for message in _messages(step)]},
        {"recursion_limit": 2 * settings.max_turns},  # a model call is one, and the tools that it calls are another
        context=Run(prompt, model),
        stream_mode=["messages", "updates"],
    )
    translation = Translation()
    try:
        async with aclosing(cast(AsyncGenerator[tuple[str, Any]], events)):
            async for mode, event in events:
                for part in translation.parts(mode, event):
                    yield part
    except GraphRecursionError as error:
        raise Failure("turn_limit") from error


class Translation:
    """Reads LangGraph's two streams: `messages` has the model's tokens, `updates` each message once it is complete."""

    def __init__(self) -> None:
        self._call_ids: dict[int | str | None, str] = {}

    def parts(self, mode: str, event: Any) -> Iterator[Part]:
        """The parts in one event of `astream`."""
        match mode, event:
            case "messages", (AIMessageChunk() as chunk, _):
                yield from self._chunk_parts(chunk)
            case "updates", update:
                for state in update.values():
                    for message in state["messages"]:
                        yield from _message_parts(message)

    def _chunk_parts(self, chunk: AIMessageChunk) -> Iterator[Part]:
        for block in chunk.content_blocks:
            yield from _block_parts(block)
        for signature in chunk.additional_kwargs.get(CALL_SIGNATURES, {}).values():
            yield parts.ReasoningSignature(signature)
        for call in chunk.tool_call_chunks:
            if call["id"]:
                self._call_ids[call["index"]] = call["id"]
                yield parts.ToolCallStart(call["id"], call["name"] or "")
            if call["args"]:
                yield parts.ToolCallArguments(self._call_ids[call["index"]], call["args"])


def _block_parts(block: Any) -> Iterator[Part]:
    match block:
        case {"type": "text", "text": text}:
            yield parts.Text(text)
        case {"type": "reasoning", "reasoning": thought}:
            yield parts.Reasoning(thought)
    match block:
        case {"type": "reasoning", "extras": {"signature": signature}}:
            yield parts.ReasoningSignature(signature)
        case {"type": "reasoning", "extras": {"redacted_content": data}}:
            yield parts.ReasoningSignature(REDACTED + base64.b64encode(data).decode())
        case {"value": {"type": "redacted_thinking", "data": data}}:
            yield parts.ReasoningSignature(REDACTED + data)


def _message_parts(message: AnyMessage) -> Iterator[Part]:
    if isinstance(message, ToolMessage):
        yield parts.ToolResult(message.tool_call_id, str(message.text))
    elif isinstance(message, AIMessage):
        yield from (parts.ToolCallEnd(call["id"] or "") for call in message.tool_calls)


def _description(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _messages(step: Step) -> list[AnyMessage]:
    if isinstance(step, Question):
        return [_question(step)]
    if isinstance(step, Results):
        return [_result(result) for result in step.results]
    return [_answer(step)]


def _question(question: Question) -> HumanMessage:
    if not question.attachments:
        return HumanMessage(question.text)  # not every server with OpenAI's API takes a list
    return HumanMessage([*map(_file, question.attachments), {"type": "text", "text": question.text}])


def _file(attachment: Attachment) -> dict[str, str]:
    return {
        "type": "image" if attachment.is_image else "file",
        "mime_type": attachment.media_type,
        "base64": base64.b64encode(attachment.data).decode(),
        "filename": f"file.{attachment.format}",  # for OpenAI, which wants one
        "name": attachment.name,  # for Bedrock, which wants one
    }


def _answer(step: Answer) -> AIMessage:
    """Thoughts that are not signed are not sent: providers want back only what they signed."""
    signed = [(thought.text, thought.signature) for thought in step.thoughts if thought.signature]
    thoughts = [_thought(text, signature) for text, signature in signed]
    text = [{"type": "text", "text": step.text}] if step.text else []
    return AIMessage(
        # Where text will do, it is text: not every server with OpenAI's API takes a list.
        [*thoughts, *text] if thoughts else step.text,
        tool_calls=[ToolCall(id=call.id, name=call.name, args=call.arguments) for call in step.calls],
        additional_kwargs={CALL_SIGNATURES: {call.id: signed[-1][1] for call in step.calls[:1] if signed}},
    )


def _thought(text: str, signature: str) -> dict[str, Any]:
    if signature.startswith(REDACTED):
        return REDACTED_BLOCKS[provider.NAME](signature.removeprefix(REDACTED))
    return {"type": "thinking", "thinking": text, "signature": signature}


def _result(result: Result) -> ToolMessage:
    return ToolMessage(result.content, tool_call_id=result.call.id, name=result.call.name)
