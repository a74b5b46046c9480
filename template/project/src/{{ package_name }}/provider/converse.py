"""Amazon Bedrock's ConverseStream in steps and parts, for frameworks whose own client lacks something of it.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import asyncio
import base64
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import boto3

from ..conversation.history import Answer, Attachment, Question, Result, Results, Step, Thought
from ..runs import parts
from ..runs.parts import Part
from ..settings import Settings
from ..tools.toolbox import Tool
from . import TrackedClient, client_config

REDACTED = "redacted:"
"""Begins the signature of a thought that the provider shows to nobody."""


@dataclass(frozen=True)
class Converse:
    """A Bedrock model. `client` is boto3's `bedrock-runtime`; `fields` are its `additionalModelRequestFields`."""

    model_id: str
    client: Any
    fields: dict[str, Any]

    async def stream(self, instructions: str, steps: Sequence[Step], tools: Sequence[Tool]) -> AsyncGenerator[Part]:
        """The model's answer to these steps, piece by piece."""
        request = {
            "modelId": self.model_id,
            "messages": [_message(step) for step in steps],
            "system": [{"text": instructions}],
            "additionalModelRequestFields": self.fields,
            **({"toolConfig": {"tools": [_tool_spec(tool) for tool in tools]}} if tools else {}),
        }
        translation = Translation()
        async with aclosing(self._events(request)) as events:
            async for event in events:
                for part in translation.parts(event):
                    yield part

    async def _events(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """The events of one call, which a thread of its own reads: boto3 blocks. The call ends with its run."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        def read() -> None:
            for event in self.client.converse_stream(**request)["stream"]:
                loop.call_soon_threadsafe(events.put_nowait, event)

        reader = asyncio.create_task(asyncio.to_thread(read))
        reader.add_done_callback(lambda _: events.put_nowait(None))
        try:
            while event := await events.get():
                yield event
                await asyncio.sleep(0)  # `get` does not wait while there are events: other runs want their turn
            await reader
        finally:
            reader.cancel()


def converse(settings: Settings) -> Converse:
    """One model for the whole process: its client is thread-safe, costs 165 ms to make and 5 MB to keep."""
    client = boto3.client("bedrock-runtime", region_name=settings.aws_region, config=client_config(settings))
    return Converse(settings.model_id, TrackedClient(client, settings), settings.request_fields)


class Translation:
    """Reads the events of one call."""

    def __init__(self) -> None:
        self._call_id: str | None = None

    def parts(self, event: dict[str, Any]) -> Iterator[Part]:
        """The parts in one event; most have one."""
        match event:
            case {"contentBlockStart": {"start": {"toolUse": {"toolUseId": call_id, "name": name}}}}:
                self._call_id = call_id
                yield parts.ToolCallStart(call_id, name)
            case {"contentBlockDelta": {"delta": {"text": text}}}:
                yield parts.Text(text)
            case {"contentBlockDelta": {"delta": {"toolUse": {"input": delta}}}} if self._call_id:
                yield parts.ToolCallArguments(self._call_id, delta)
            case {"contentBlockDelta": {"delta": {"reasoningContent": {"text": text}}}}:
                yield parts.Reasoning(text)
            case {"contentBlockDelta": {"delta": {"reasoningContent": {"signature": signature}}}}:
                yield parts.ReasoningSignature(signature)
            case {"contentBlockDelta": {"delta": {"reasoningContent": {"redactedContent": data}}}}:
                yield parts.ReasoningSignature(REDACTED + base64.b64encode(data).decode())
            case {"contentBlockStop": _} if self._call_id:
                yield parts.ToolCallEnd(self._call_id)
                self._call_id = None


def _tool_spec(tool: Tool) -> dict[str, Any]:
    schema = {"json": tool.parameters}
    return {"toolSpec": {"name": tool.name, "description": tool.description, "inputSchema": schema}}


def _message(step: Step) -> dict[str, Any]:
    if isinstance(step, Question):
        return {"role": "user", "content": [*map(_file, step.attachments), {"text": step.text}]}
    if isinstance(step, Results):
        return {"role": "user", "content": [*map(_result, step.results)]}
    return {"role": "assistant", "content": _answer_blocks(step)}


def _answer_blocks(step: Answer) -> list[dict[str, Any]]:
    """Thoughts that are not signed are not sent: Bedrock wants back only what its models signed."""
    thoughts = [_thought(thought) for thought in step.thoughts if thought.signature]
    uses = ({"toolUseId": call.id, "name": call.name, "input": call.arguments} for call in step.calls)
    return [*thoughts, *([{"text": step.text}] if step.text else []), *({"toolUse": use} for use in uses)]


def _thought(thought: Thought) -> dict[str, Any]:
    signature = thought.signature or ""
    if signature.startswith(REDACTED):
        return {"reasoningContent": {"redactedContent": base64.b64decode(signature.removeprefix(REDACTED))}}
    return {"reasoningContent": {"reasoningText": {"text": thought.text, "signature": signature}}}


def _result(result: Result) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": result.call.id, "content": [{"text": result.content}]}}


def _file(attachment: Attachment) -> dict[str, Any]:
    file = {"format": attachment.format, "source": {"bytes": attachment.data}}
    return {"image": file} if attachment.is_image else {"document": {"name": attachment.name, **file}}
