"""The agent: LangChain's, on LangGraph (https://docs.langchain.com), its stream told in the parts of `contract.py`."""

import base64
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, cast
from uuid import uuid4

from langchain.agents import create_agent
from langchain.chat_models import BaseChatModel
from langchain.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    HumanMessage,
    ToolCallChunk,
    ToolMessage,
    trim_messages,
)
from langchain.tools import tool
from langgraph.errors import GraphRecursionError
from langgraph.graph.state import CompiledStateGraph

from .parts import (
    Attachment,
    Part,
    Prompt,
    Reasoning,
    Text,
    ToolCallArguments,
    ToolCallEnd,
    ToolCallStart,
    ToolResult,
    Usage,
)
from .errors import answer_too_long, turn_limit
from .prompt import SYSTEM_PROMPT
from .settings import Settings
from .tools import TOOLS

Agent = CompiledStateGraph[Any, Any, Any, Any]

LANGCHAIN_TOOLS = [tool(function, parse_docstring=True) for function in TOOLS]

# How providers say that their output limit cut the answer.
STOP_REASONS = ("stopReason", "stop_reason", "finish_reason")
OUTPUT_LIMIT = {"max_tokens", "length", "MAX_TOKENS"}


class Conversation:
    """What one session has said so far, and how it goes on."""

    def __init__(self, model: BaseChatModel, settings: Settings) -> None:
        self._agent: Agent = create_agent(model, LANGCHAIN_TOOLS, system_prompt=SYSTEM_PROMPT)
        self._settings = settings
        self._messages: list[AnyMessage] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. Only a turn that succeeds is remembered: after a failure, the history is as before."""
        messages = [*self._messages, _question(prompt)]
        translation = Translation()
        try:
            async with aclosing(self._events(messages)) as events:
                async for mode, event in events:
                    for part in translation.parts(mode, event):
                        yield part
        except GraphRecursionError as error:
            raise turn_limit() from error
        self._messages = recent([*messages, *translation.messages], self._settings.max_history)

    def _events(self, messages: list[AnyMessage]) -> AsyncGenerator[tuple[str, Any]]:
        steps = 2 * self._settings.max_turns  # a model call is one, and the tools that it calls are another
        events = self._agent.astream(
            {"messages": messages}, {"recursion_limit": steps}, stream_mode=["messages", "updates"]
        )
        return cast(AsyncGenerator[tuple[str, Any]], events)


class Translation:
    """Reads LangGraph's two streams: `messages` has the model's tokens, `updates` each message once it is complete."""

    def __init__(self) -> None:
        self.messages: list[AnyMessage] = []
        self._call_id: str | None = None

    def parts(self, mode: str, event: Any) -> Iterator[Part]:
        """The parts in one event of `astream`."""
        match mode, event:
            case "messages", (AIMessageChunk() as chunk, _):
                yield from self._chunk_parts(chunk)
            case "updates", update:
                messages = [message for state in update.values() for message in state["messages"]]
                self.messages += messages
                for message in messages:
                    yield from _message_parts(message)

    def _chunk_parts(self, chunk: AIMessageChunk) -> Iterator[Part]:
        if not chunk.tool_call_chunks:
            yield from self._end_call()
        for block in chunk.content_blocks:
            if block["type"] == "reasoning":
                yield Reasoning(block.get("reasoning", ""))
            elif block["type"] == "text":
                yield Text(block["text"])
        for call in chunk.tool_call_chunks:
            yield from self._call_parts(call)

    def _call_parts(self, call: ToolCallChunk) -> Iterator[Part]:
        if call["id"]:
            yield from self._end_call()
            self._call_id = call["id"]
            yield ToolCallStart(call["id"], call["name"] or "")
        if call["args"] and self._call_id:
            yield ToolCallArguments(self._call_id, call["args"])

    def _end_call(self) -> Iterator[Part]:
        if self._call_id:
            yield ToolCallEnd(self._call_id)
            self._call_id = None


def _question(prompt: Prompt) -> HumanMessage:
    if not prompt.attachments:
        return HumanMessage(prompt.text)  # not every server with OpenAI's API takes a list
    return HumanMessage([*map(_block, prompt.attachments), {"type": "text", "text": prompt.text}])


def _block(attachment: Attachment) -> dict[str, str]:
    return {
        "type": "image" if attachment.is_image else "file",
        "mime_type": attachment.media_type,
        "base64": base64.b64encode(attachment.data).decode(),
        "filename": f"file.{attachment.format}",  # for OpenAI, which wants one
        "name": f"document-{uuid4()}",  # for Bedrock, which wants one that no other document of the conversation has
    }


def _message_parts(message: AnyMessage) -> Iterator[Part]:
    if isinstance(message, ToolMessage):
        yield ToolResult(message.tool_call_id, str(message.text))
    elif isinstance(message, AIMessage):
        if any(message.response_metadata.get(name) in OUTPUT_LIMIT for name in STOP_REASONS):
            raise answer_too_long()
        if usage := message.usage_metadata:
            yield Usage(usage["input_tokens"], usage["output_tokens"])


def recent(messages: list[AnyMessage], limit: int) -> list[AnyMessage]:
    """The newest messages, `limit` at most, from a prompt on: a tool's result is nothing without its call."""
    newest = trim_messages(messages, max_tokens=limit, token_counter=len, strategy="last", start_on="human")
    return cast(list[AnyMessage], newest)
