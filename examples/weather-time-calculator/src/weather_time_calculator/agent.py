"""The agent: Strands (https://strandsagents.com), told in the parts of `runs/parts.py`."""

import base64
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, cast

from strands import Agent
from strands.agent.conversation_manager import NullConversationManager
from strands.models import Model
from strands.tools.tools import PythonAgentTool
from strands.types.content import ContentBlock, Message
from strands.types.tools import ToolResult, ToolUse

from .conversation.history import Answer, Attachment, Prompt, Question, Results, Step, Thought
from .errors import Failure
from .runs import parts
from .runs.parts import Part
from .settings import Settings
from .tools.toolbox import Tool

REDACTED = "redacted:"
"""Begins the signature of a thought that the provider shows to nobody."""


async def answer(prompt: Prompt, model: Model, settings: Settings) -> AsyncGenerator[Part]:
    """Go on from the prompt until the model has nothing more to call."""
    agent = Agent(
        model=model,
        messages=[_message(step) for step in prompt.steps],
        tools=[_tool(tool) for tool in prompt.tools],
        system_prompt=prompt.instructions,
        conversation_manager=NullConversationManager(),
        callback_handler=None,
        retry_strategy=None,
    )
    events = cast(AsyncGenerator[dict[str, Any]], agent.stream_async(None, limits={"turns": settings.max_turns}))
    translation = Translation()
    async with aclosing(events):
        async for event in events:
            for part in translation.parts(event):
                yield part


class Translation:
    """Reads Strands' events, and passes on none of them: they carry the prompt, the tool specs and the history."""

    def __init__(self) -> None:
        self._call_id: str | None = None

    def parts(self, event: dict[str, Any]) -> Iterator[Part]:
        """The parts in one event of `Agent.stream_async`; most have none."""
        match event:
            case {"event": {"contentBlockDelta": {"delta": {"text": text}}}}:
                yield parts.Text(text)
            case {"event": {"contentBlockDelta": {"delta": {"reasoningContent": reasoning}}}}:
                yield from _reasoning_parts(reasoning)
            case {"event": {"contentBlockStart": {"start": {"toolUse": {"toolUseId": call_id, "name": name}}}}}:
                self._call_id = call_id
                yield parts.ToolCallStart(call_id, name)
            case {"event": {"contentBlockDelta": {"delta": {"toolUse": {"input": delta}}}}} if self._call_id:
                yield parts.ToolCallArguments(self._call_id, delta)
            case {"event": {"contentBlockStop": _}} if self._call_id:
                yield parts.ToolCallEnd(self._call_id)
                self._call_id = None
            case {"message": {"role": "user", "content": blocks}}:
                yield from (_result_part(block["toolResult"]) for block in blocks if "toolResult" in block)
            case {"result": result} if result.stop_reason == "limit_turns":
                raise Failure("turn_limit")


def _reasoning_parts(reasoning: dict[str, Any]) -> Iterator[Part]:
    match reasoning:
        case {"text": text}:
            yield parts.Reasoning(text)
        case {"signature": signature}:
            yield parts.ReasoningSignature(signature)
        case {"redactedContent": data}:
            yield parts.ReasoningSignature(REDACTED + base64.b64encode(data).decode())


def _result_part(result: dict[str, Any]) -> Part:
    """The tools' own results are told already; of these, only those of tools that do not exist are news."""
    return parts.ToolResult(result["toolUseId"], "\n".join(block.get("text", "") for block in result["content"]))


def _tool(tool: Tool) -> PythonAgentTool:
    async def call(use: ToolUse, **_: Any) -> ToolResult:
        text = await tool.call(use["input"], use["toolUseId"])
        return {"toolUseId": use["toolUseId"], "status": "success", "content": [{"text": text}]}

    schema = {"json": tool.parameters}
    return PythonAgentTool(
        tool.name, {"name": tool.name, "description": tool.description, "inputSchema": schema}, cast(Any, call)
    )


def _message(step: Step) -> Message:
    if isinstance(step, Question):
        return {"role": "user", "content": [*map(_file, step.attachments), {"text": step.text}]}
    if isinstance(step, Results):
        return {"role": "user", "content": [_result(result.call.id, result.content) for result in step.results]}
    return {"role": "assistant", "content": _answer_blocks(step)}


def _answer_blocks(step: Answer) -> list[ContentBlock]:
    """Thoughts that are not signed are not sent: providers want back only what they signed."""
    thoughts = [_thought(thought) for thought in step.thoughts if thought.signature]
    text = [cast(ContentBlock, {"text": step.text})] if step.text else []
    uses = ({"toolUseId": call.id, "name": call.name, "input": call.arguments} for call in step.calls)
    return [*thoughts, *text, *(cast(ContentBlock, {"toolUse": use}) for use in uses)]


def _thought(thought: Thought) -> ContentBlock:
    signature = thought.signature or ""
    if signature.startswith(REDACTED):
        content: Any = {"redactedContent": base64.b64decode(signature.removeprefix(REDACTED))}
    else:
        content = {"reasoningText": {"text": thought.text, "signature": signature}}
    return cast(ContentBlock, {"reasoningContent": content})


def _result(call_id: str, content: str) -> ContentBlock:
    return {"toolResult": {"toolUseId": call_id, "status": "success", "content": [{"text": content}]}}


def _file(attachment: Attachment) -> ContentBlock:
    file = {"format": attachment.format, "source": {"bytes": attachment.data}}
    if attachment.is_image:
        return cast(ContentBlock, {"image": file})
    return cast(ContentBlock, {"document": {"name": attachment.name, **file}})
