"""The model: Amazon Bedrock's ConverseStream for CrewAI, whose own client loses the tool calls of a stream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import Any
from uuid import uuid4

import boto3

from .parts import Attachment, Part, Prompt, Reasoning, Text, ToolCallArguments, ToolCallEnd, ToolCallStart, Usage
from .errors import answer_too_long
from .provider import DOCUMENTS, IMAGES, TrackedClient, client_config
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> "Model":
    """One model for the whole process: its client is thread-safe."""
    client = boto3.client("bedrock-runtime", region_name=settings.aws_region, config=client_config(settings))
    return Model(settings.model_id, TrackedClient(client), settings.request_fields)


class Model:
    """A Bedrock model. `client` is boto3's `bedrock-runtime`; `fields` are its `additionalModelRequestFields`."""

    def __init__(self, model_id: str, client: Any, fields: dict[str, Any]) -> None:
        self._model_id = model_id
        self._client = client
        self._fields = fields

    def answer(
        self, messages: list[dict[str, Any]], tools: list[Any], tell: Callable[[Part], object], _wait: object
    ) -> dict[str, Any]:
        """Tell the answer to these messages piece by piece. Returns it as the message to go on with."""
        fields = {"additionalModelRequestFields": self._fields} if self._fields else {}
        response = self._client.converse_stream(modelId=self._model_id, **fields, **_request(messages, tools))
        content = Content()
        for event in response["stream"]:
            for part in content.parts(event):
                tell(part)
        return {"role": "assistant", "content": content.blocks()}


class Content:
    """The blocks of an answer, while their events come."""

    def __init__(self) -> None:
        self._blocks: defaultdict[int, dict[str, Any]] = defaultdict(dict)

    def blocks(self) -> list[dict[str, Any]]:
        """Each block as it goes back to the model, which refuses blank texts."""
        return [block for _, block in sorted(self._blocks.items()) if block.get("text", "text").strip()]

    def parts(self, event: dict[str, Any]) -> Iterator[Part]:
        """The parts in one event of the stream; most have one."""
        match event:
            case {"contentBlockStart": {"start": {"toolUse": call}, "contentBlockIndex": index}}:
                self._blocks[index]["toolUse"] = {**call, "input": ""}
                yield ToolCallStart(call["toolUseId"], call["name"])
            case {"contentBlockDelta": {"delta": delta, "contentBlockIndex": index}}:
                yield from _delta(self._blocks[index], delta)
            case {"contentBlockStop": {"contentBlockIndex": index}} if call := self._blocks[index].get("toolUse"):
                call["input"] = _arguments(call["input"])
                yield ToolCallEnd(call["toolUseId"])
            case {"messageStop": {"stopReason": "max_tokens"}}:
                raise answer_too_long()
            case {"metadata": {"usage": usage}}:
                yield _usage(usage)


def _delta(block: dict[str, Any], delta: dict[str, Any]) -> Iterator[Part]:
    match delta:
        case {"text": text}:
            block["text"] = block.get("text", "") + text
            yield Text(text)
        case {"toolUse": {"input": text}}:
            block["toolUse"]["input"] += text
            yield ToolCallArguments(block["toolUse"]["toolUseId"], text)
        case {"reasoningContent": {"text": text}}:
            _thoughts(block)["text"] += text
            yield Reasoning(text)
        case {"reasoningContent": {"signature": signature}}:
            _thoughts(block)["signature"] = signature
        case {"reasoningContent": redacted}:
            block["reasoningContent"] = redacted


def _thoughts(block: dict[str, Any]) -> dict[str, str]:
    thoughts: dict[str, str] = block.setdefault("reasoningContent", {"reasoningText": {"text": ""}})["reasoningText"]
    return thoughts


def _arguments(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _usage(usage: dict[str, int]) -> Usage:
    # Bedrock counts tokens read from and written to its prompt cache beside `inputTokens`, not within.
    cached = usage.get("cacheReadInputTokens", 0) + usage.get("cacheWriteInputTokens", 0)
    return Usage(usage["inputTokens"] + cached, usage["outputTokens"])


def question(prompt: Prompt) -> dict[str, Any]:
    """The message that asks it."""
    return {"role": "user", "content": [*map(_file, prompt.attachments), {"text": prompt.text}]}


def _file(attachment: Attachment) -> dict[str, Any]:
    file = {"format": attachment.format, "source": {"bytes": attachment.data}}
    if attachment.is_image:
        return {"image": file}
    # Bedrock wants a name that no other document of the conversation has.
    return {"document": {"name": f"document-{uuid4()}", **file}}


def _request(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> dict[str, Any]:
    system = [{"text": message["content"]} for message in messages if message["role"] == "system"]
    spoken = [message for message in messages if message["role"] != "system"]
    request = {"messages": _messages(spoken), "system": system}
    return request | ({"toolConfig": {"tools": [_tool_spec(tool["function"]) for tool in tools]}} if tools else {})


def _tool_spec(function: dict[str, Any]) -> dict[str, Any]:
    spec = {"name": function["name"], "description": function["description"]}
    return {"toolSpec": spec | {"inputSchema": {"json": function["parameters"]}}}


def _messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bedrock's messages, in which the roles take turns."""
    spoken = [("assistant" if message["role"] == "assistant" else "user", _blocks(message)) for message in messages]
    turns = groupby((turn for turn in spoken if turn[1]), key=itemgetter(0))
    return [{"role": role, "content": [*chain.from_iterable(blocks for _, blocks in turn)]} for role, turn in turns]


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    if message["role"] == "tool":
        result = {"toolUseId": message["tool_call_id"], "content": [{"text": message["content"]}]}
        return [{"toolResult": result}]
    blocks: list[dict[str, Any]] = message["content"]
    return blocks
