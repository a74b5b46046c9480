"""The model: Amazon Bedrock's ConverseStream for ADK, which reaches Bedrock only through LiteLLM.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import boto3
from google.adk.models import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai.types import (
    Blob,
    Content,
    FinishReason,
    FunctionCall,
    FunctionDeclaration,
    FunctionResponse,
    GenerateContentConfig,
    GenerateContentResponseUsageMetadata,
    Part,
    PartialArg,
)
from pydantic import Field

from .parts import FORMATS
from .provider import DOCUMENTS, IMAGES, TrackedClient, client_config
from .settings import Settings

READS = IMAGES | DOCUMENTS
INFERENCE = {
    "max_output_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop_sequences": "stopSequences",
}


def build_model(settings: Settings) -> BaseLlm:
    """One model for the whole process: its client is thread-safe."""
    client = boto3.client("bedrock-runtime", region_name=settings.aws_region, config=client_config(settings))
    return BedrockLlm(model=settings.model_id, client=TrackedClient(client), request_fields=settings.request_fields)


class BedrockLlm(BaseLlm):
    """A Bedrock model. `client` is boto3's `bedrock-runtime`; `request_fields` are the model's own."""

    client: Any = Field(exclude=True, repr=False)
    request_fields: dict[str, Any]

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Each piece of the answer if `stream`, then the whole of it."""
        answer = Answer()
        async for event in self._events(self._request(llm_request)):
            piece = answer.add(event)
            if piece and stream:
                yield LlmResponse(content=Content(role="model", parts=[piece]), partial=True)
        yield answer.whole()

    async def _events(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """The events of one ConverseStream, which a thread of its own reads: boto3 blocks."""
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

    def _request(self, request: LlmRequest) -> dict[str, Any]:
        config = request.config
        inference = {name: value for field, name in INFERENCE.items() if (value := getattr(config, field)) is not None}
        return {
            "modelId": self.model,
            "messages": _messages(request.contents),
            "additionalModelRequestFields": self.request_fields,
            **({"system": [{"text": config.system_instruction}]} if config.system_instruction else {}),
            **({"inferenceConfig": inference} if inference else {}),
            **_tools(config),
        }


class Answer:
    """What the model has said so far, by content block: a text, a thought, or the JSON text of a call's arguments."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}
        self._calls: dict[int, FunctionCall] = {}
        self._signatures: dict[int, bytes] = {}
        self._finish_reason = FinishReason.FINISH_REASON_UNSPECIFIED
        self._usage: GenerateContentResponseUsageMetadata | None = None

    def add(self, event: dict[str, Any]) -> Part | None:
        """The piece that one event of the stream adds, if any."""
        match event:
            case {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": tool_use}}}:
                self._texts[index] = ""
                self._calls[index] = FunctionCall(id=tool_use["toolUseId"], name=tool_use["name"])
                return self._call(index, will_continue=True)
            case {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"text": text}}}:
                self._texts[index] = self._texts.get(index, "") + text
                return Part(text=text)
            case {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"reasoningContent": thought}}}:
                return self._think(index, thought)
            case {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"toolUse": {"input": text}}}}:
                self._texts[index] += text
                return self._call(index, will_continue=True, partial_args=[PartialArg(string_value=text)])
            case {"contentBlockStop": {"contentBlockIndex": index}} if index in self._calls:
                return self._call(index, will_continue=False)
            case {"messageStop": {"stopReason": "max_tokens"}}:
                self._finish_reason = FinishReason.MAX_TOKENS
            case {"metadata": {"usage": usage}}:
                self._usage = _usage(usage)
        return None

    def whole(self) -> LlmResponse:
        """The complete answer."""
        return LlmResponse(
            content=Content(role="model", parts=[self._part(*block) for block in self._texts.items()]),
            finish_reason=self._finish_reason,
            usage_metadata=self._usage,
            partial=False,
        )

    def _part(self, index: int, text: str) -> Part:
        if index in self._calls:
            return self._call(index, args=_arguments(text))
        if index in self._signatures:
            return Part(text=text, thought=True, thought_signature=self._signatures[index])
        return Part(text=text)

    def _think(self, index: int, thought: dict[str, Any]) -> Part:
        """A piece of a thought, or its signature, or all of a thought that only the model can read."""
        text = thought.get("text", "")
        signature = thought.get("signature", "").encode() + thought.get("redactedContent", b"")
        self._texts[index] = self._texts.get(index, "") + text
        self._signatures[index] = self._signatures.get(index, b"") + signature
        return Part(text=text, thought=True)

    def _call(self, index: int, **fields: Any) -> Part:
        return Part(function_call=self._calls[index].model_copy(update=fields))


def _arguments(text: str) -> dict[str, Any]:
    """What the model wrote. If that is no JSON object, none: the tool's complaint tells the model."""
    try:
        arguments = json.loads(text)
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _usage(usage: dict[str, int]) -> GenerateContentResponseUsageMetadata:
    # Bedrock counts tokens read from and written to its prompt cache beside `inputTokens`, not within.
    cached = usage.get("cacheReadInputTokens", 0)
    return GenerateContentResponseUsageMetadata(
        prompt_token_count=usage["inputTokens"] + cached + usage.get("cacheWriteInputTokens", 0),
        cached_content_token_count=cached,
        candidates_token_count=usage["outputTokens"],
        total_token_count=usage["totalTokens"],
    )


def _tools(config: GenerateContentConfig) -> dict[str, Any]:
    """`toolConfig`, which Bedrock takes only with a tool in it."""
    specs = [
        _tool_spec(declaration)
        for tool in config.tools or []
        for declaration in getattr(tool, "function_declarations", None) or []
    ]
    return {"toolConfig": {"tools": specs}} if specs else {}


def _tool_spec(declaration: FunctionDeclaration) -> dict[str, Any]:
    schema = declaration.parameters_json_schema or {"type": "object", "properties": {}}
    spec = {"name": declaration.name, "description": declaration.description or declaration.name}
    return {"toolSpec": {**spec, "inputSchema": {"json": schema}}}


def _messages(contents: list[Content]) -> list[dict[str, Any]]:
    """Bedrock's messages, in which the roles take turns."""
    spoken = [("assistant" if content.role == "model" else "user", _blocks(content)) for content in contents]
    turns = groupby((turn for turn in spoken if turn[1]), key=itemgetter(0))
    return [{"role": role, "content": [*chain.from_iterable(blocks for _, blocks in turn)]} for role, turn in turns]


def _blocks(content: Content) -> list[dict[str, Any]]:
    return [block for part in content.parts or [] if (block := _block(part))]


def _block(part: Part) -> dict[str, Any] | None:
    if call := part.function_call:
        return {"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.args or {}}}
    if response := part.function_response:
        return {"toolResult": _tool_result(response)}
    if file := part.inline_data:
        return _file(file)
    if part.thought:
        return _thought(part.text, part.thought_signature)
    return {"text": part.text} if part.text and part.text.strip() else None  # Bedrock refuses a blank text


def _file(file: Blob) -> dict[str, Any]:
    content = {"format": FORMATS[file.mime_type or ""], "source": {"bytes": file.data}}
    if file.mime_type in IMAGES:
        return {"image": content}
    return {"document": {"name": file.display_name, **content}}


def _thought(text: str | None, signature: bytes | None) -> dict[str, Any] | None:
    """A model that signs its thoughts wants them back with the results of its calls; others may refuse them."""
    if not signature:
        return None
    if not text:
        return {"reasoningContent": {"redactedContent": signature}}
    return {"reasoningContent": {"reasoningText": {"text": text, "signature": signature.decode()}}}


def _tool_result(response: FunctionResponse) -> dict[str, Any]:
    values = response.response or {}
    text = values.get("result", values.get("error"))
    return {
        "toolUseId": response.id,
        "content": [{"text": text} if isinstance(text, str) else {"json": values}],
        "status": "error" if "error" in values else "success",
    }
