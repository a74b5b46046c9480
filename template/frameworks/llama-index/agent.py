"""The agent: LlamaIndex (https://developers.llamaindex.ai), its stream told in the parts of `contract.py`."""

import base64
import itertools
import sys
from collections.abc import AsyncGenerator, Iterator
from typing import Any
from uuid import uuid4

from llama_index.core.agent.workflow import AgentOutput, AgentStream, FunctionAgent, ToolCallResult
from llama_index.core.base.llms.types import ChatMessage, DocumentBlock, ImageBlock, TextBlock
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.memory import BaseMemory, ChatMemoryBuffer
from llama_index.core.tools import FunctionTool

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
)
from .errors import turn_limit
from .model import argument_piece, usage
from .prompt import SYSTEM_PROMPT
from .settings import Settings
from .tools import TOOLS

LLAMA_TOOLS: list[Any] = [FunctionTool.from_defaults(function) for function in TOOLS]


class Conversation:
    """What one session has said so far, and how it goes on."""

    def __init__(self, model: FunctionCallingLLM, settings: Settings) -> None:
        self._settings = settings
        self._agent = Agent(llm=model, tools=LLAMA_TOOLS, system_prompt=SYSTEM_PROMPT, max_turns=settings.max_turns)
        self._turns: list[list[ChatMessage]] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. Only a turn that succeeds is remembered: after a failure, the history is as before."""
        memory = _memory(list(itertools.chain.from_iterable(self._turns)))
        known = len(memory.get_all())
        run = self._agent.run(user_msg=_message(prompt), memory=memory, max_iterations=self._settings.max_turns + 1)
        translation = Translation()
        try:
            async for event in run.stream_events():
                for part in translation.parts(event):
                    yield part
            await run
        finally:
            await run.cancel_run()
        self._remember(memory.get_all()[known:])

    def _remember(self, turn: list[ChatMessage]) -> None:
        self._turns.append(turn)
        while len(self._turns) > 1 and sum(map(len, self._turns)) > self._settings.max_history:
            self._turns.pop(0)


class Agent(FunctionAgent):
    """A `FunctionAgent` that calls the model `max_turns` times at most: its own limit refuses the last answer too."""

    max_turns: int

    async def take_step(self, ctx: Any, llm_input: Any, tools: Any, memory: BaseMemory) -> AgentOutput:
        """One model call."""
        if await ctx.store.get("num_iterations", default=0) >= self.max_turns:
            raise turn_limit()
        return await super().take_step(ctx, llm_input, tools, memory)


class Translation:
    """Reads LlamaIndex's events, each of which carries the answer so far."""

    def __init__(self) -> None:
        self._started: set[str] = set()
        self._open = ""

    def parts(self, event: Any) -> Iterator[Part]:
        """The parts in one event of a run; some have none."""
        match event:
            case AgentStream():
                yield from self._stream_parts(event)
            case AgentOutput():
                yield from self._end_call()
            case ToolCallResult():
                yield ToolResult(event.tool_id, event.tool_output.content)

    def _stream_parts(self, event: AgentStream) -> Iterator[Part]:
        if event.thinking_delta:
            yield Reasoning(event.thinking_delta)
        if event.delta:
            yield Text(event.delta)
        for call in event.tool_calls:
            if call.tool_id not in self._started:
                yield from self._end_call()
                yield ToolCallStart(call.tool_id, call.tool_name)
                self._started.add(call.tool_id)
                self._open = call.tool_id
            if call.tool_id == self._open and (piece := argument_piece(event.raw, call)):
                yield ToolCallArguments(call.tool_id, piece)
        yield from usage(event.raw)

    def _end_call(self) -> Iterator[Part]:
        if self._open:
            yield ToolCallEnd(self._open)
            self._open = ""


def _message(prompt: Prompt) -> ChatMessage:
    return ChatMessage(role="user", blocks=[*map(_block, prompt.attachments), TextBlock(text=prompt.text)])


def _block(attachment: Attachment) -> DocumentBlock | ImageBlock:
    data = base64.b64encode(attachment.data)  # of other bytes, LlamaIndex guesses whether they are base64
    if attachment.is_image:
        return ImageBlock(image=data, image_mimetype=attachment.media_type)
    # Bedrock wants a name that no other document of the conversation has.
    return DocumentBlock(data=data, document_mimetype=attachment.media_type, title=f"document-{uuid4()}")


def _memory(history: list[ChatMessage]) -> BaseMemory:
    """The history as it is: how much of it the model sees is counted in messages (`MAX_HISTORY`), not in tokens."""
    return ChatMemoryBuffer.from_defaults(history, token_limit=sys.maxsize, tokenizer_fn=lambda _: [])
