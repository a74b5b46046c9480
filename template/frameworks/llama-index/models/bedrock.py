"""The model: Amazon Bedrock through LlamaIndex, and what LlamaIndex leaves to be read in Bedrock's own events."""

from collections.abc import Sequence
from contextvars import Context, copy_context
from dataclasses import replace
from typing import Any

import boto3
from llama_index.core.base.llms.types import ChatMessage, ChatResponseAsyncGen, LLMMetadata, ThinkingBlock
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.llms.bedrock_converse import BedrockConverse  # type: ignore[import-untyped]

from .conversation.history import Thought
from .provider import DOCUMENTS, IMAGES, TrackedClient, client_config
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> FunctionCallingLLM:
    """One model for the whole process: its client is thread-safe."""
    client = boto3.client("bedrock-runtime", region_name=settings.aws_region, config=client_config(settings))
    # As `model`, LlamaIndex takes only what is in its own list of models.
    return AnyBedrockModel(
        model="",
        application_inference_profile_arn=settings.model_id,
        client=TrackedClient(client, settings),
        region_name=settings.aws_region,
        max_retries=1,
        additional_kwargs={"additionalModelRequestFields": settings.request_fields},
    )


class AnyBedrockModel(BedrockConverse):  # type: ignore[misc]
    """Whichever model of Bedrock calls tools, each call of which belongs to the run that makes it."""

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex wants to know of a model."""
        return LLMMetadata(model_name=self.application_inference_profile_arn, is_function_calling_model=True)

    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        """The answer, piece by piece. LlamaIndex reads it in a thread to which it does not give the context."""
        bound = self.model_copy()
        bound._client = RunClient(self._client, copy_context())
        return _with_thoughts(await BedrockConverse.astream_chat(bound, messages, **kwargs))


async def _with_thoughts(answer: ChatResponseAsyncGen) -> ChatResponseAsyncGen:
    """The answer with the thoughts that the model signed, each as it was: LlamaIndex makes one of all."""
    thoughts = [Thought("")]
    async for response in answer:
        match response.raw:
            case {"contentBlockDelta": {"delta": {"reasoningContent": {"text": text}}}}:
                thoughts[-1] = replace(thoughts[-1], text=thoughts[-1].text + text)
            case {"contentBlockDelta": {"delta": {"reasoningContent": {"signature": signature}}}}:
                thoughts[-1:] = [replace(thoughts[-1], signature=signature), Thought("")]
        others = [block for block in response.message.blocks if not isinstance(block, ThinkingBlock)]
        response.message.blocks = [*(_thought(thought) for thought in thoughts if thought.signature), *others]
        yield response


class RunClient:
    """A client that calls the model in one context, whichever thread calls it."""

    def __init__(self, client: Any, context: Context) -> None:
        self._client = client
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def converse_stream(self, *, inferenceConfig: dict[str, Any], **request: Any) -> dict[str, Any]:
        """Call without LlamaIndex's own limits (512 tokens, temperature 0.1): the model's apply."""
        response: dict[str, Any] = self._context.run(self._client.converse_stream, **request)
        return response


def signatures(event: Any) -> list[str]:
    """The model's signature of a thought, if this event of the stream tells it."""
    match event:
        case {"contentBlockDelta": {"delta": {"reasoningContent": {"signature": str(signature)}}}}:
            return [signature]
    return []


{% include 'template/frameworks/llama-index/models/signed.py' %}


def argument_piece(event: Any, _call: ToolSelection) -> str:
    """The JSON text that this event of the stream adds to the arguments of the last tool call, if any."""
    match event:
        case {"contentBlockDelta": {"delta": {"toolUse": {"input": str(piece)}}}}:
            return piece
    return ""
