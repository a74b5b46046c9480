"""A turn on a Streamlit page. It is drawn from its events, as they come and again whenever Streamlit runs the page."""

import json
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from ag_ui.core import (
    ActivitySnapshotEvent,
    Event,
    Interrupt,
    ReasoningMessageContentEvent,
    ReasoningMessageStartEvent,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    SubagentStartedEvent,
    TextMessageContentEvent,
    TextMessageStartEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)
from streamlit.delta_generator import DeltaGenerator

from clients import files
from clients.python import AgentError

Pieces = TextMessageContentEvent | ReasoningMessageContentEvent
Timed = tuple[float, Event]  # seconds after the question, and what came then


@dataclass
class Turn:
    """A question, and what came in answer to it."""

    question: str
    events: list[Timed] = field(default_factory=list)
    error: str = ""

    @property
    def interrupts(self) -> list[Interrupt]:
        """What people are asked before the turn goes on."""
        match self.events[-1:]:
            case [(_, RunFinishedEvent(outcome=RunFinishedInterruptOutcome(interrupts=interrupts)))]:
                return interrupts
        return []

    @property
    def arguments(self) -> dict[str, dict[str, Any]]:
        """The arguments of the tool calls, by the calls' ids."""
        texts: dict[str, str] = {}
        for _, event in self.events:
            if isinstance(event, ToolCallArgsEvent):
                texts[event.tool_call_id] = texts.get(event.tool_call_id, "") + event.delta
        return {id: json.loads(text or "{}") for id, text in texts.items()}

    def go_on(self, events: Generator[Event]) -> Iterator[Timed]:
        """What came so far, then what comes now that the people have answered."""
        yield from list(self.events)
        yield from self.record(events)

    def record(self, events: Generator[Event]) -> Iterator[Timed]:
        """The events as they come, kept here; text that follows text joins it."""
        start = time.monotonic() - (self.events[-1][0] if self.events else 0)
        with closing(events):
            for event in events:
                now = time.monotonic() - start
                yield now, event
                last = self.events[-1][1] if self.events else None
                if isinstance(event, Pieces) and isinstance(last, Pieces) and event.message_id == last.message_id:
                    last.delta += event.delta
                else:
                    self.events.append((now, event.model_copy()))

    def show(self, events: Iterable[Timed]) -> None:
        """Draw the turn; of one that streams, each event when it comes."""
        with st.chat_message("user"):
            st.text(self.question)
        with st.chat_message("assistant"):
            answer = _Answer()
            try:
                for seconds, event in events:
                    answer.follow(seconds, event)
            except AgentError as error:
                self.error = f"{error} ({error.code})"
            if self.error:
                st.error(self.error)
            st.caption(answer.summary())


class _Answer:
    """Draws an answer that grows, and each tool call as a line that opens to its arguments and result."""

    def __init__(self) -> None:
        self._thoughts = self._text = ""
        self._thoughts_box = self._box = st.empty()
        self._calls: dict[str, _Call] = {}
        self._agents: dict[str, _Call] = {}
        """The calls that ask other agents, by the agent's run."""
        self._first_token: float | None = None
        self._seconds = 0.0
        self._tokens = 0

    def follow(self, seconds: float, event: Event) -> None:
        """Take one event in."""
        self._seconds = seconds
        if agent := getattr(event, "subagent_run_id", None):
            return self._follow_other(agent, event)
        match event:
            case ReasoningMessageStartEvent():
                self._thoughts, self._thoughts_box = "", st.expander("Thoughts").empty()
            case ReasoningMessageContentEvent(delta=delta):
                self._count_first_token()
                self._thoughts += delta
                self._thoughts_box.text(self._thoughts)
            case TextMessageStartEvent():
                self._text, self._box = "", st.empty()
            case TextMessageContentEvent(delta=delta):
                self._count_first_token()
                self._text += delta
                self._box.markdown(self._text)
            case ToolCallStartEvent(tool_call_id=id, tool_call_name=name):
                self._count_first_token()
                self._calls[id] = _Call(name)
            case ToolCallArgsEvent(tool_call_id=id, delta=delta):
                self._calls[id].arguments += delta
            case ToolCallEndEvent(tool_call_id=id):
                self._calls[id].start(seconds)
            case ToolCallResultEvent(tool_call_id=id, content=content):
                self._calls[id].finish(seconds, str(content))
            case ActivitySnapshotEvent(activity_type=files.ACTIVITY, message_id=id, content=content):
                _show_file(id, files.file_of(content))
            case RunFinishedEvent(usage=usage, result=result):
                self._tokens = sum(entry.total_tokens or 0 for entry in usage or [])
                if result is not None:
                    st.json(result)

    def _follow_other(self, agent: str, event: Event) -> None:
        """What another agent says belongs to the call that asks it."""
        match event:
            case SubagentStartedEvent(parent_tool_call_id=str(id)) if id in self._calls:
                self._agents[agent] = self._calls[id]
            case TextMessageContentEvent(delta=delta) if agent in self._agents:
                self._agents[agent].tell(delta)

    def summary(self) -> str:
        """Time to the first token, time in all, and tokens used."""
        first = [] if self._first_token is None else [f"first token {self._first_token:.2f} s"]
        tokens = [f"{self._tokens:,} tokens"] if self._tokens else []
        return " · ".join([*first, f"{self._seconds:.1f} s", *tokens])

    def _count_first_token(self) -> None:
        if self._first_token is None:
            self._first_token = self._seconds


def _show_file(id: str, file: files.File) -> None:
    """A button that saves it."""
    name = files.clean_name(file.name)
    st.download_button(str(file), file.data, name, "application/octet-stream", key=id, on_click="ignore")


class _Call:
    """A tool call."""

    def __init__(self, name: str) -> None:
        self.arguments = ""
        self._name = name
        self._since = 0.0
        self._told = ""
        self._box: DeltaGenerator | None = None
        self._status = st.status(f"`{name}`")

    def start(self, seconds: float) -> None:
        """The arguments are complete."""
        self._since = seconds
        self._status.update(label=f"`{self._signature()}`")
        self._status.code(self.arguments, language="json")

    def tell(self, delta: str) -> None:
        """More of what the other agent says."""
        self._told += delta
        self._box = self._box or self._status.empty()
        self._box.text(self._told)

    def finish(self, seconds: float, result: str) -> None:
        """The tool has answered."""
        if self._box:
            self._box.empty()  # the result says it again
        self._status.code(result, language=None, wrap_lines=True)
        label = f"`{self._signature()}` {seconds - self._since:.1f} s"
        self._status.update(label=label, state="error" if result.startswith("Error:") else "complete")

    def _signature(self) -> str:
        arguments: dict[str, Any] = json.loads(self.arguments or "{}")
        return f"{self._name}({', '.join(f'{k}={json.dumps(v, ensure_ascii=False)}' for k, v in arguments.items())})"
