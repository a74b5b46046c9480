"""AG-UI 1.0 events (https://docs.ag-ui.com/concepts/events), as JSON, from the parts of a run."""

import json
from collections.abc import Iterator
from uuid import uuid4

from ag_ui.core import (
    BaseEvent,
    ReasoningEndEvent,
    ReasoningMessageContentEvent,
    ReasoningMessageEndEvent,
    ReasoningMessageStartEvent,
    ReasoningStartEvent,
    RunErrorEvent,
    RunFinishedEvent,
    RunStartedEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    TokenUsage,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)

from .contract import Part, Reasoning, Text, ToolCallArguments, ToolCallEnd, ToolCallStart, ToolResult, Usage
from .errors import Failure


class RunEvents:
    """The events of one run, in order: every message that starts also ends, and usage adds up."""

    def __init__(self, thread_id: str, run_id: str, *, provider: str, model: str) -> None:
        self._thread_id = thread_id
        self._run_id = run_id
        self._usage = TokenUsage(provider=provider, model=model, input_tokens=0, output_tokens=0, total_tokens=0)
        self._message_id = ""
        self._reasoning_id = ""

    def started(self) -> str:
        """RUN_STARTED, which opens the stream."""
        return _json(RunStartedEvent(thread_id=self._thread_id, run_id=self._run_id))

    def of(self, part: Part) -> Iterator[str]:
        """The events that tell this part."""
        if isinstance(part, Text):
            yield from self._text(part.delta)
        elif isinstance(part, Reasoning):
            yield from self._reasoning(part.delta)
        elif isinstance(part, Usage):
            self._add(part)
        else:
            yield from self._end()
            yield _json(_tool_event(part))

    def finished(self) -> Iterator[str]:
        """RUN_FINISHED with the run's token usage, after whatever is still open."""
        yield from self._end()
        yield _json(RunFinishedEvent(thread_id=self._thread_id, run_id=self._run_id, usage=[self._usage]))

    @staticmethod
    def failed(failure: Failure) -> str:
        """RUN_ERROR, which ends the stream at any point."""
        return _json(RunErrorEvent(code=failure.code, message=failure.message))

    def _text(self, delta: str) -> Iterator[str]:
        if not self._message_id:
            yield from self._end()
            self._message_id = str(uuid4())
            yield _json(TextMessageStartEvent(message_id=self._message_id, role="assistant"))
        if delta:
            yield text_content(self._message_id, delta)

    def _reasoning(self, delta: str) -> Iterator[str]:
        if not self._reasoning_id:
            yield from self._end()
            self._reasoning_id = str(uuid4())
            yield _json(ReasoningStartEvent(message_id=self._reasoning_id))
            yield _json(ReasoningMessageStartEvent(message_id=self._reasoning_id))
        if delta:
            yield _json(ReasoningMessageContentEvent(message_id=self._reasoning_id, delta=delta))

    def _end(self) -> Iterator[str]:
        """The end of the message that is open, if one is."""
        if self._message_id:
            yield _json(TextMessageEndEvent(message_id=self._message_id))
        if self._reasoning_id:
            yield _json(ReasoningMessageEndEvent(message_id=self._reasoning_id))
            yield _json(ReasoningEndEvent(message_id=self._reasoning_id))
        self._message_id = self._reasoning_id = ""

    def _add(self, usage: Usage) -> None:
        total = self._usage
        total.input_tokens = (total.input_tokens or 0) + usage.input_tokens
        total.output_tokens = (total.output_tokens or 0) + usage.output_tokens
        total.total_tokens = total.input_tokens + total.output_tokens


def text_content(message_id: str, delta: str) -> str:
    """TEXT_MESSAGE_CONTENT, the one event sent for every token: by hand it costs a fifteenth of its pydantic model."""
    text = json.dumps(delta, ensure_ascii=False)
    return f'{{"type":"TEXT_MESSAGE_CONTENT","messageId":"{message_id}","delta":{text}}}'


def _tool_event(part: ToolCallStart | ToolCallArguments | ToolCallEnd | ToolResult) -> BaseEvent:
    match part:
        case ToolCallStart(id=id, name=name):
            return ToolCallStartEvent(tool_call_id=id, tool_call_name=name)
        case ToolCallArguments(id=id, delta=delta):
            return ToolCallArgsEvent(tool_call_id=id, delta=delta)
        case ToolCallEnd(id=id):
            return ToolCallEndEvent(tool_call_id=id)
        case ToolResult(id=id, content=content):
            return ToolCallResultEvent(message_id=str(uuid4()), tool_call_id=id, content=content, role="tool")


def _json(event: BaseEvent) -> str:
    return event.model_dump_json(by_alias=True)
