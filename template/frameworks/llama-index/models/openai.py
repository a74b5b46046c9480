"""The model: OpenAI through LlamaIndex, and what LlamaIndex leaves to be read in OpenAI's own chunks."""

from collections.abc import AsyncIterator, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, LLMMetadata
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.llms.openai import OpenAI
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import Choice, ChoiceDelta, ChoiceDeltaToolCall

from .conversation.history import Thought
from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS


def build_model(settings: Settings) -> FunctionCallingLLM:
    """One model for the whole process, on one client."""
    sdk: Any = Client(client(settings))
    model = AnyOpenAIModel(
        model=settings.model_id,
        max_retries=0,
        additional_kwargs={"stream_options": {"include_usage": True}, "extra_body": settings.request_fields},
    )
    model._aclient = sdk
    return model


class AnyOpenAIModel(OpenAI):
    """Whichever model with OpenAI's chat completions calls tools."""

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex wants to know of a model, and knows of those in its own list."""
        return LLMMetadata(model_name=self.model, is_chat_model=True, is_function_calling_model=True)

    def _get_model_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without LlamaIndex's own temperature (0.1): the model's applies. Without tools, LlamaIndex gives nulls."""
        kwargs.pop("parallel_tool_calls", None)  # true is the default, and some models refuse the field
        given = {name: value for name, value in kwargs.items() if value is not None}
        return {"model": self.model, **given, **self.additional_kwargs}


class Client:
    """OpenAI's client for LlamaIndex, which does not read all that comes in a chunk."""

    def __init__(self, sdk: Any) -> None:
        self._create = sdk.chat.completions.create
        self.chat = SimpleNamespace(completions=self)

    async def create(self, *, messages: list[dict[str, Any]], **request: Any) -> AsyncIterator[ChatCompletionChunk]:
        """The chunks of the SDK's `chat.completions.create`."""
        for part in _parts(messages):
            if part["type"] == "file":
                part["file"]["filename"] += ".pdf"  # OpenAI wants a file's name to tell what it is
        return _readable(await self._create(messages=messages, **request))


def _parts(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for message in messages:
        if isinstance(message["content"], list):
            yield from message["content"]


async def _readable(chunks: AsyncIterator[ChatCompletionChunk]) -> AsyncIterator[ChatCompletionChunk]:
    """The chunks as LlamaIndex reads them."""
    async for chunk in chunks:
        calls = [call for choice in chunk.choices for call in _further_calls(choice)]
        yield chunk
        for call in calls:
            choice = Choice(index=0, delta=ChoiceDelta(tool_calls=[call]))
            yield chunk.model_copy(update={"choices": [choice], "usage": None})


def _further_calls(choice: Choice) -> list[ChoiceDeltaToolCall]:
    """Make a choice readable: of its tool calls, LlamaIndex reads the first. Returns the others."""
    choice.delta = choice.delta or ChoiceDelta()  # some servers end with a delta that is null
    choice.delta.content = choice.delta.content or ""  # LlamaIndex passes over a first chunk without text
    calls = choice.delta.tool_calls or []
    choice.delta.tool_calls = calls[:1]
    return calls[1:]


def signatures(_event: Any) -> list[str]:
    """None: chat completions have no signed thoughts."""
    return []


def signed(message: ChatMessage, _thoughts: Sequence[Thought]) -> ChatMessage:
    """What the model said."""
    return message


def argument_piece(event: Any, call: ToolSelection) -> str:
    """The JSON text that this event of the stream adds to the call's arguments, the last call's, if any."""
    match event:
        case {"choices": [{"delta": {"tool_calls": [{"id": None | "" | call.tool_id, "function": function}]}}]}:
            return function["arguments"] or ""
    return ""
