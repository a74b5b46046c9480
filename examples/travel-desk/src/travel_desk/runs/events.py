"""AG-UI 1.0 events (https://docs.ag-ui.com/concepts/events) of a run, and the messages that they add up to."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any
from uuid import uuid4

from ag_ui import core
from ag_ui.core import AssistantMessage, FunctionCall, Interrupt, Message, ReasoningMessage, ToolCall, ToolMessage

from .. import provider
from ..errors import Failure
from ..provider.answer import check_arguments
from ..tools.files import File
from ..tools.results import whole
from . import parts
from .parts import Part, Usage
from .requests import Request

FILE = "file"
"""The type of the activities that are files."""
Entry = str | tuple[str, str]
"""An event's JSON; or of a piece of text, its message's id and the piece."""


class RunEvents:
    """The events of one run, in order: whatever starts also ends. `messages` is what they tell."""

    def __init__(self, request: Request) -> None:
        self.messages: list[Message] = []
        self.unanswered: dict[str, ToolCall] = {}
        """Calls that have no result yet."""
        self.count = 0
        """Parts told."""
        self.result: Any = None
        """What the run comes to, where its answer has a form: JSON."""
        self.usages: Mapping[str, Usage] = {}
        """The tokens of each model that was asked."""
        self._request = request
        self._said: AssistantMessage | None = None
        """The message that the model's text and calls belong to."""
        self._open: AssistantMessage | ReasoningMessage | None = None
        """The message whose text goes on."""
        self._open_calls: dict[str, ToolCall] = {}

    def started(self) -> str:
        """RUN_STARTED, which opens the stream."""
        run = self._request
        started = core.RunStartedEvent(thread_id=run.thread_id, run_id=run.run_id, parent_run_id=run.parent_run_id)
        started.protocol_version = core.PROTOCOL_VERSION
        return event_json(started)

    def of(self, part: Part) -> Iterator[Entry]:
        """The events that tell this part. Raises `Failure` where it does not fit what came before."""
        self.count += 1
        match part:
            case parts.Text(delta):
                yield from self._text_delta(whole(delta))
            case parts.Reasoning(delta):
                yield from self._reasoning_delta(whole(delta))
            case parts.ReasoningSignature(value):
                yield from self._signature(value)
            case parts.ToolCallStart(id, name):
                yield from self._call(id, name)
            case parts.ToolCallArguments(id, delta):
                yield from self._arguments(id, whole(delta))
            case parts.ToolCallEnd(id):
                yield from self._call_end(id)
            case parts.ToolResult(id, content, files):
                yield from self._result(id, content, [about(file) for file in files])
            case parts.GivenFile(id, file):
                yield file_event(id, file)

    @property
    def between_answers(self) -> bool:
        """Whether the model's next answer has not begun."""
        between = not self.messages or self.messages[-1].role == "tool"
        return between and not self._open and not self.unanswered

    @property
    def kept(self) -> list[Message]:
        """The messages that have something to say. Blank text is nothing that a model could be sent again."""
        return [message for message in self.messages if message.role != "assistant" or _says(message)]

    def end(self, *, complete: bool = True) -> Iterator[Entry]:
        """The end of whatever is open; `complete`: raises `Failure` for a call that is cut off."""
        yield from self._end_message()
        for id in list(self._open_calls):
            yield from self._call_end(id, complete=complete)

    def finished(self, interrupts: Sequence[Interrupt] = (), pending: Sequence[str] = ()) -> str:
        """RUN_FINISHED: with a success, or with what the run waits for."""
        success = core.RunFinishedSuccessOutcome(pending_tool_call_ids=list(pending) or None)
        interrupted = core.RunFinishedInterruptOutcome(interrupts=list(interrupts)) if interrupts else None
        return self._finished(interrupted or success)

    def cancelled(self) -> str:
        """RUN_FINISHED of a run that somebody ended."""
        return self._finished(core.RunFinishedCancelledOutcome())

    def failed(self, failure: Failure) -> str:
        """RUN_ERROR, which ends the stream at any point."""
        return event_json(core.RunErrorEvent(code=failure.code, message=failure.message, usage=self._usage()))

    def _finished(self, outcome: core.RunFinishedOutcome) -> str:
        run, usage = self._request, self._usage()
        return event_json(
            core.RunFinishedEvent(
                thread_id=run.thread_id, run_id=run.run_id, outcome=outcome, result=self.result, usage=usage
            )
        )

    def _text_delta(self, delta: str) -> Iterator[Entry]:
        if not isinstance(self._open, AssistantMessage):
            yield from self.end()
            self._said = None
            self._open = self._assistant()
            yield event_json(core.TextMessageStartEvent(message_id=self._open.id, role="assistant"))
        if delta:
            self._open.content = f"{self._open.content or ''}{delta}"
            yield self._open.id, delta

    def _reasoning_delta(self, delta: str) -> Iterator[Entry]:
        if not isinstance(self._open, ReasoningMessage):
            yield from self.end()
            self._said = None
            self._open = ReasoningMessage(id=str(uuid4()), content="")
            self.messages.append(self._open)
            yield event_json(core.ReasoningStartEvent(message_id=self._open.id))
            yield event_json(core.ReasoningMessageStartEvent(message_id=self._open.id))
        if delta:
            self._open.content += delta
            yield event_json(core.ReasoningMessageContentEvent(message_id=self._open.id, delta=delta))

    def _signature(self, value: str) -> Iterator[Entry]:
        """Of the first thought of this answer that has none; where the model shows none, of one without text."""
        unsigned = (thought for thought in self._thoughts() if not thought.encrypted_value)
        thought = self._open if isinstance(self._open, ReasoningMessage) else next(unsigned, None)
        if not thought:
            yield from self._reasoning_delta("")
            thought = self._thoughts()[-1]
        thought.encrypted_value = value
        yield event_json(
            core.ReasoningEncryptedValueEvent(subtype="message", entity_id=thought.id, encrypted_value=value)
        )
        if thought is self._open:
            yield from self._end_message()

    def _thoughts(self) -> list[ReasoningMessage]:
        """Those of the model's answer so far."""
        said = [*takewhile(lambda message: message.role != "tool", reversed(self.messages))]
        return [message for message in reversed(said) if isinstance(message, ReasoningMessage)]

    def _call(self, id: str, name: str) -> Iterator[Entry]:
        yield from self._end_message()
        said = self._assistant()
        call = ToolCall(id=id, function=FunctionCall(name=name, arguments=""))
        said.tool_calls = [*(said.tool_calls or []), call]
        self._open_calls[id] = self.unanswered[id] = call
        yield event_json(core.ToolCallStartEvent(tool_call_id=id, tool_call_name=name, parent_message_id=said.id))

    def _arguments(self, id: str, delta: str) -> Iterator[Entry]:
        if id not in self._open_calls:
            raise Failure("malformed_answer")
        if delta:
            self._open_calls[id].function.arguments += delta
            yield event_json(core.ToolCallArgsEvent(tool_call_id=id, delta=delta))

    def _call_end(self, id: str, *, complete: bool = True) -> Iterator[Entry]:
        call = self._open_calls.get(id)
        if call is None:
            return
        if not call.function.arguments:
            yield from self._arguments(id, "{}")
        del self._open_calls[id]
        if complete:
            check_arguments(call.function.arguments)
        yield event_json(core.ToolCallEndEvent(tool_call_id=id))

    def _result(self, id: str, content: str, files: list[dict[str, Any]]) -> Iterator[Entry]:
        if id not in self.unanswered:
            return
        yield from self.end()
        del self.unanswered[id]
        message = ToolMessage(
            id=str(uuid4()), tool_call_id=id, content=content, metadata={"files": files} if files else None
        )
        self.messages.append(message)
        self._said = None
        yield event_json(
            core.ToolCallResultEvent(
                message_id=message.id, tool_call_id=id, content=content, role="tool", metadata=message.metadata
            )
        )

    def _end_message(self) -> Iterator[Entry]:
        """The end of the text or the thought that is open, if one is."""
        ended, self._open = self._open, None
        if isinstance(ended, AssistantMessage):
            yield event_json(core.TextMessageEndEvent(message_id=ended.id))
        elif ended:
            yield event_json(core.ReasoningMessageEndEvent(message_id=ended.id))
            yield event_json(core.ReasoningEndEvent(message_id=ended.id))

    def _assistant(self) -> AssistantMessage:
        if self._said is None:
            self._said = AssistantMessage(id=str(uuid4()))
            self.messages.append(self._said)
        return self._said

    def _usage(self) -> list[core.TokenUsage] | None:
        """What the provider counted of each model: of what it did not, nothing is said."""
        return [_tokens(model, usage) for model, usage in self.usages.items() if usage != Usage()] or None


def _tokens(model: str, usage: Usage) -> core.TokenUsage:
    return core.TokenUsage(
        provider=provider.NAME,
        model=model,
        input_tokens=usage.input_tokens or None,
        output_tokens=usage.output_tokens or None,
        total_tokens=usage.input_tokens + usage.output_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        cache_write_input_tokens=usage.cache_write_input_tokens,
        reasoning_tokens=usage.reasoning_tokens,
    )


def _says(message: AssistantMessage) -> bool:
    return bool((message.content or "").strip() or message.tool_calls)


def text_content(message_id: str, delta: str) -> str:
    """TEXT_MESSAGE_CONTENT, the one event sent for every token: by hand it costs a fifteenth of its pydantic model."""
    text = unbroken(json.dumps(delta, ensure_ascii=False))
    return f'{{"type":"TEXT_MESSAGE_CONTENT","messageId":"{message_id}","delta":{text}}}'


def about(file: File) -> dict[str, Any]:
    """What is kept of a file, with the result of its call: its bytes are not."""
    return {"id": file.id, "name": file.name, "mediaType": file.media_type, "size": len(file.data)}


def content_of(call_id: str, file: File) -> dict[str, Any]:
    """A file as an activity tells it. `data` are pieces of base64, which are the file one after the other."""
    return {**about(file), "toolCallId": call_id, "data": [base64.b64encode(file.data).decode()]}


def file_event(call_id: str, file: File) -> str:
    """ACTIVITY_SNAPSHOT: clients keep it among their messages, and do not send it back with each question."""
    content = content_of(call_id, file)
    return event_json(core.ActivitySnapshotEvent(message_id=file.id, activity_type=FILE, content=content))


def error_event(code: str, message: str, details: dict[str, Any]) -> str:
    """RUN_ERROR of a request that was refused."""
    return event_json(core.RunErrorEvent(code=code, message=message, metadata=details or None))


def event_json(event: core.BaseEvent) -> str:
    """The event as one line of JSON."""
    return unbroken(event.model_dump_json(by_alias=True))


def unbroken(text: str) -> str:
    """JSON without the characters that some readers take for the end of a line."""
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")
