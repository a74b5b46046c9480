"""The model: Amazon Bedrock's ConverseStream for CrewAI, in the form of messages that CrewAI keeps (OpenAI's).

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import json
from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import boto3

from .contract import Part, Text, ToolCallArguments, ToolCallEnd, ToolCallStart, Usage
from .errors import answer_too_long
from .provider import TrackedClient, client_config
from .settings import Settings


def build_model(settings: Settings) -> "Model":
    """One model for the whole process: its client is thread-safe."""
    client = boto3.client("bedrock-runtime", region_name=settings.aws_region, config=client_config(settings))
    return Model(settings.model_id, TrackedClient(client))


class Model:
    """A Bedrock model. `client` is boto3's `bedrock-runtime`."""

    def __init__(self, model_id: str, client: Any) -> None:
        self._model_id = model_id
        self._client = client

    def stream(self, messages: list[Any], tools: list[Any]) -> Iterator[Part]:
        """The pieces of the answer to these messages."""
        response = self._client.converse_stream(modelId=self._model_id, **_request(messages, tools))
        call_id: str | None = None
        for event in response["stream"]:
            match event:
                case {"contentBlockDelta": {"delta": {"text": text}}}:
                    yield Text(text)
                case {"contentBlockStart": {"start": {"toolUse": {"toolUseId": call_id, "name": name}}}}:
                    yield ToolCallStart(call_id, name)
                case {"contentBlockDelta": {"delta": {"toolUse": {"input": text}}}} if call_id:
                    yield ToolCallArguments(call_id, text)
                case {"contentBlockStop": _} if call_id:
                    yield ToolCallEnd(call_id)
                    call_id = None
                case {"messageStop": {"stopReason": "max_tokens"}}:
                    raise answer_too_long()
                case {"metadata": {"usage": usage}}:
                    yield _usage(usage)


def _usage(usage: dict[str, int]) -> Usage:
    # Bedrock counts tokens read from and written to its prompt cache beside `inputTokens`, not within.
    cached = usage.get("cacheReadInputTokens", 0) + usage.get("cacheWriteInputTokens", 0)
    return Usage(usage["inputTokens"] + cached, usage["outputTokens"])


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
    text = message["content"] or ""
    if message["role"] == "tool":
        return [{"toolResult": {"toolUseId": message["tool_call_id"], "content": [{"text": text}]}}]
    calls = [_tool_use(call["id"], call["function"]) for call in message.get("tool_calls", [])]
    return [*([{"text": text}] if text.strip() else []), *calls]  # Bedrock refuses a blank text


def _tool_use(call_id: str, function: dict[str, Any]) -> dict[str, Any]:
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:
        arguments = {}
    return {"toolUse": {"toolUseId": call_id, "name": function["name"], "input": arguments}}
