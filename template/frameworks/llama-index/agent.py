"""The agent: LlamaIndex (https://developers.llamaindex.ai), told in the parts of `runs/parts.py`."""

import base64
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

from llama_index.core.agent.workflow import AgentOutput, AgentStream, FunctionAgent, ToolCall, ToolCallResult
from llama_index.core.base.llms.types import ChatMessage, DocumentBlock, ImageBlock, TextBlock, ToolCallBlock
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.memory import BaseMemory, ChatMemoryBuffer
from llama_index.core.tools import AsyncBaseTool, ToolMetadata, ToolOutput
from llama_index.core.workflow import Context, step

from .conversation.history import Answer, Attachment, Prompt, Question, Results, Step
from .errors import Failure
from .model import argument_piece, signatures, signed
from .runs.parts import (
    Part,
    Reasoning,
    ReasoningSignature,
    Text,
    ToolCallArguments,
    ToolCallEnd,
    ToolCallStart,
    ToolResult,
)
from .settings import Settings
from .tools.toolbox import Tool


async def answer(prompt: Prompt, model: FunctionCallingLLM, settings: Settings) -> AsyncGenerator[Part]:
    """Go on from the prompt until the model has nothing more to call."""
    agent = Agent(
        llm=model,
        our_tools={tool.name: OurTool(tool) for tool in prompt.tools},
        system_prompt=prompt.instructions,
        max_turns=settings.max_turns,
    )
    history = [message for step in prompt.steps for message in _messages(step)]
    run = agent.run(chat_history=history, memory=_memory(), max_iterations=settings.max_turns + 1)
    translation = Translation()
    try:
        async for event in run.stream_events():
            for part in translation.parts(event):
                yield part
        await run
    finally:
        await run.cancel_run()


class OurTool(AsyncBaseTool):
    """A tool, as LlamaIndex tells the model of it. `Agent` calls it."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self._metadata = SchemaMetadata(name=tool.name, description=tool.description)
        self._metadata.schema = tool.parameters

    @property
    def metadata(self) -> ToolMetadata:
        """What the model reads."""
        return self._metadata

    def call(self, input: Any) -> ToolOutput:
        """LlamaIndex's own way of a call, which knows no id."""
        raise NotImplementedError

    async def acall(self, input: Any) -> ToolOutput:
        """The same."""
        raise NotImplementedError


class SchemaMetadata(ToolMetadata):
    """`ToolMetadata` makes a schema of a pydantic class; this has one."""

    schema: dict[str, Any]

    def get_parameters_dict(self) -> dict[str, Any]:
        """The JSON schema of the arguments."""
        return self.schema


class Agent(FunctionAgent):
    """A `FunctionAgent` whose tools are ours: it calls each by its id, any number at once.

    It calls the model `max_turns` times at most: its own limit refuses the last answer too.
    """

    our_tools: dict[str, Any]
    max_turns: int

    async def get_tools(self, input_str: str | None = None) -> Sequence[AsyncBaseTool]:
        """All."""
        return list(self.our_tools.values())

    async def take_step(self, ctx: Any, llm_input: Any, tools: Any, memory: BaseMemory) -> AgentOutput:
        """One model call."""
        if await ctx.store.get("num_iterations", default=0) >= self.max_turns:
            raise Failure("turn_limit")
        return await super().take_step(ctx, llm_input, tools, memory)

    @step(num_workers=1000)
    async def call_tool(self, ctx: Context, ev: ToolCall) -> ToolCallResult:
        """One tool call. LlamaIndex's own makes four at once: one more would wait behind four that wait."""
        text = f"Error: there is no tool {ev.tool_name}."
        if ev.tool_name in self.our_tools:
            text = await self.our_tools[ev.tool_name].tool.call(ev.tool_kwargs, ev.tool_id)
        output = ToolOutput(content=text, tool_name=ev.tool_name, raw_input=ev.tool_kwargs, raw_output=text)
        result = ToolCallResult(**ev.model_dump(), tool_output=output, return_direct=False)
        ctx.write_event_to_stream(result)
        return result


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
        yield from map(ReasoningSignature, signatures(event.raw))
        if event.delta:
            yield from self._end_call()
            yield Text(event.delta)
        new = [call for call in event.tool_calls if call.tool_id not in self._started]
        for call in new or event.tool_calls:  # what comes with a new call is not for those before it
            if new:
                yield from self._end_call()
                yield ToolCallStart(call.tool_id, call.tool_name)
                self._started.add(call.tool_id)
                self._open = call.tool_id
            if call.tool_id == self._open and (piece := argument_piece(event.raw, call)):
                yield ToolCallArguments(call.tool_id, piece)

    def _end_call(self) -> Iterator[Part]:
        if self._open:
            yield ToolCallEnd(self._open)
            self._open = ""


def _messages(step: Step) -> Iterator[ChatMessage]:
    if isinstance(step, Question):
        yield ChatMessage(role="user", blocks=[*map(_file, step.attachments), TextBlock(text=step.text)])
    elif isinstance(step, Answer):
        yield signed(_answer(step), step.thoughts)
    else:
        yield from _results(step)


def _answer(step: Answer) -> ChatMessage:
    text = [TextBlock(text=step.text)] if step.text else []
    calls = (
        ToolCallBlock(tool_call_id=call.id, tool_name=call.name, tool_kwargs=call.arguments) for call in step.calls
    )
    return ChatMessage(role="assistant", blocks=[*text, *calls])


def _results(step: Results) -> Iterator[ChatMessage]:
    for result in step.results:
        yield ChatMessage(role="tool", content=result.content, additional_kwargs={"tool_call_id": result.call.id})


def _file(attachment: Attachment) -> DocumentBlock | ImageBlock:
    data = base64.b64encode(attachment.data)  # of other bytes, LlamaIndex guesses whether they are base64
    if attachment.is_image:
        return ImageBlock(image=data, image_mimetype=attachment.media_type)
    return DocumentBlock(data=data, document_mimetype=attachment.media_type, title=attachment.name)


def _memory() -> BaseMemory:
    """It keeps all that it is given: nothing is cut by a count of tokens."""
    return ChatMemoryBuffer.from_defaults([], token_limit=sys.maxsize, tokenizer_fn=lambda _: [])
