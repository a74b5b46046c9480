"""The model: Amazon Bedrock through Agno."""

import asyncio
import json
from collections.abc import AsyncGenerator
from itertools import chain, groupby
from operator import itemgetter
from typing import Any
from uuid import uuid4

import boto3
from agno.metrics import MessageMetrics
from agno.models.aws import AwsBedrock
from agno.models.message import Message
from agno.models.response import ModelResponse

from .parts import Attachment, Prompt
from .errors import answer_too_long
from .provider import DOCUMENTS, IMAGES, TrackedClient, client_config
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> AwsBedrock:
    """One model for the whole process: its client is thread-safe, costs 165 ms to make and 5 MB to keep."""
    client = boto3.client("bedrock-runtime", region_name=settings.aws_region, config=client_config(settings))
    fields = settings.request_fields
    return Bedrock(
        id=settings.model_id,
        async_client=AsyncClient(TrackedClient(client)),
        request_params={"additionalModelRequestFields": fields} if fields else None,
    )


def question(prompt: Prompt) -> Message:
    """The prompt, in the content blocks that `Bedrock` sends as they are."""
    return Message(role="user", content=[*map(_file, prompt.attachments), {"text": prompt.text}])


def _file(attachment: Attachment) -> dict[str, Any]:
    file = {"format": attachment.format, "source": {"bytes": attachment.data}}
    if attachment.is_image:
        return {"image": file}
    # Bedrock wants a name that no other document of the conversation has.
    return {"document": {"name": f"document-{uuid4()}", **file}}


class AsyncClient:
    """What Agno asks of an asynchronous client, from boto3 and threads: aioboto3 pins boto3 to an old version."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def converse(self, **request: Any) -> Any:
        """The response of boto3's `converse`."""
        return await asyncio.to_thread(self._client.converse, **request)

    async def converse_stream(self, **request: Any) -> dict[str, Any]:
        """The response of boto3's `converse_stream`, whose stream is asynchronous."""
        return {"stream": self._events(request)}

    async def _events(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        def read() -> None:
            for event in self._client.converse_stream(**request)["stream"]:
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


class Bedrock(AwsBedrock):
    """Agno's model, with what it leaves out: thoughts, text beside tool calls, which arguments have defaults."""

    def _format_messages(
        self, messages: list[Message], compress_tool_results: bool = False
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]] | None]:
        """Bedrock's messages, in which the roles take turns, and its system prompt."""
        system = [{"text": message.content} for message in messages if message.role == "system"]
        spoken = [(_role(message), _blocks(message)) for message in messages if message.role != "system"]
        turns = groupby((turn for turn in spoken if turn[1]), key=itemgetter(0))
        contents = [(role, [*chain.from_iterable(blocks for _, blocks in turn)]) for role, turn in turns]
        return [{"role": role, "content": content} for role, content in contents], system or None

    def _format_tools_for_request(self, tools: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        return [_tool_spec(tool["function"]) for tool in tools or []]

    def _parse_provider_response_delta(  # type: ignore[override]
        self, response_delta: dict[str, Any], current_tool: dict[Any, Any]
    ) -> tuple[ModelResponse, dict[Any, Any]]:
        """What one event says. `current_tool`, handed on from event to event, holds the content blocks by index."""
        response = ModelResponse(role="assistant")
        match response_delta:
            case {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": call}}}:
                current_tool[index] = {"toolUse": {**call, "input": ""}}
            case {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}}:
                _add(delta, current_tool.setdefault(index, {}), response)
            case {"messageStop": {"stopReason": "max_tokens"}}:
                raise answer_too_long()
            case {"messageStop": _}:
                _finish([block for _, block in sorted(current_tool.items())], response)
            case {"metadata": {"usage": usage}}:
                response.response_usage = self._get_metrics(usage)
        return response, current_tool

    def _get_metrics(self, response_usage: dict[str, Any]) -> MessageMetrics:
        metrics = super()._get_metrics(response_usage)
        # Bedrock counts tokens read from and written to its prompt cache beside `inputTokens`, not within.
        metrics.input_tokens += metrics.cache_read_tokens + metrics.cache_write_tokens
        return metrics


def _add(delta: dict[str, Any], block: dict[str, Any], response: ModelResponse) -> None:
    """Take a piece of a content block."""
    match delta:
        case {"text": text}:
            block["text"] = block.get("text", "") + text
            response.content = text
        case {"toolUse": {"input": piece}}:
            block["toolUse"]["input"] += piece
        case {"reasoningContent": {"redactedContent": data}}:
            block["reasoningContent"] = {"redactedContent": data}
        case {"reasoningContent": piece}:
            thought = block.setdefault("reasoningContent", {"reasoningText": {"text": ""}})["reasoningText"]
            thought.update({name: thought.get(name, "") + text for name, text in piece.items()})
            response.reasoning_content = piece.get("text")


def _finish(blocks: list[dict[str, Any]], response: ModelResponse) -> None:
    """Take the whole answer: its calls, and its blocks as they are to go back."""
    calls = [block["toolUse"] for block in blocks if "toolUse" in block]
    response.tool_calls = [_call(call["toolUseId"], call["name"], call["input"]) for call in calls]
    for call in calls:
        call["input"] = _arguments(call["input"])
    response.provider_data = {"content": [block for block in blocks if _goes_back(block)]}


def _call(id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _arguments(text: str) -> dict[str, Any]:
    """What the model wrote. If that is no JSON object, none: Agno's complaint tells the model."""
    try:
        arguments = json.loads(text)
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _goes_back(block: dict[str, Any]) -> bool:
    """Bedrock refuses a blank text; and thoughts that no model has signed are not asked for again."""
    match block:
        case {"text": text}:
            return bool(text.strip())
        case {"reasoningContent": {"reasoningText": thought}}:
            return "signature" in thought
    return True


def _role(message: Message) -> str:
    return "assistant" if message.role == "assistant" else "user"


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"toolResult": {"toolUseId": message.tool_call_id, "content": [{"text": message.content}]}}]
    content = (message.provider_data or {}).get("content", message.content)
    return content if isinstance(content, list) else [{"text": content}] if content else []


def _tool_spec(function: dict[str, Any]) -> dict[str, Any]:
    spec = {"name": function["name"], "description": function["description"] or function["name"]}
    return {"toolSpec": spec | {"inputSchema": {"json": function["parameters"]}}}
