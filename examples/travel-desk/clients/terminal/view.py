"""What a turn shows while it streams, and its plain form for pipes and dumb terminals."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console
from rich.text import Text

# Answers and tool results are other people's text: an escape sequence in them must not reach the terminal.
CONTROL_CHARACTERS = dict.fromkeys([*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)])


TOLD = 60  # characters of what another agent says


def printable(text: str) -> str:
    """The text without control characters, except line feeds and tabs."""
    return text.translate(CONTROL_CHARACTERS)


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(printable(text).split())


@dataclass
class ToolCall:
    """A tool call as far as it has streamed. `since` is the `time.monotonic()` at which the tool could start."""

    name: str
    arguments: str = ""
    since: float = field(default_factory=time.monotonic)
    result: str = ""
    told: str = ""
    """What the agent says that it asks."""

    @property
    def failed(self) -> bool:
        """Whether the tool answered with an error: the agent's results say so in their first word."""
        return self.result.startswith("Error:")

    def details(self) -> str:
        """All of it: what the line leaves out is here."""
        try:
            arguments = json.dumps(json.loads(self.arguments or "{}"), ensure_ascii=False, indent=2)
        except ValueError:
            arguments = self.arguments
        return printable(f"{self.name} {arguments}\n→ {self.result}")

    def signature(self) -> str:
        """Its name and its arguments."""
        return f"{one_line(self.name)}({self._named_arguments()})"

    def line(self, mark: str, width: int, result: str | None = None) -> Text:
        """One line of at most `width` cells; the arguments take at most half of it."""
        signature = Text(f"{mark} {self.signature()}", "bold")
        signature.truncate(max(width // 2, width - 60), overflow="ellipsis")
        seconds = f" {time.monotonic() - self.since:.1f} s"
        told = f" … {one_line(self.told)[-TOLD:]}" if self.told else ""
        outcome = told if result is None else f" → {one_line(result)}"
        line = Text.assemble(signature, (seconds + outcome, "red" if self.failed else "dim"), no_wrap=True)
        line.truncate(width, overflow="ellipsis")
        return line

    def _named_arguments(self) -> str:
        try:
            arguments = json.loads(self.arguments or "{}")
            return one_line(", ".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in arguments.items()))
        except (ValueError, AttributeError):
            return one_line(self.arguments)


class TurnView(ABC):
    """Follows the events of one turn, inside a `with` block; a subclass shows thoughts, text and tool calls."""

    def __init__(self) -> None:
        self.calls: dict[str, ToolCall] = {}
        self.answered: list[ToolCall] = []
        self._agents: dict[str, ToolCall] = {}
        self.interrupts: list[dict[str, Any]] = []
        """What people are asked once the run has ended."""
        self.is_lost: Callable[[], bool] = lambda: False
        self.received: Callable[[dict[str, Any]], str] = lambda content: ""
        """Takes the content of a file, and says what became of it."""
        self.started = time.monotonic()
        self._first_token: float | None = None
        self._tokens = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_thoughts()
        self.end_text()

    @abstractmethod
    def show_thought(self, text: str) -> None:
        """More of what the model thinks."""

    @abstractmethod
    def end_thoughts(self) -> None:
        """The thoughts that were being shown, if any, are complete."""

    @abstractmethod
    def show_text(self, text: str) -> None:
        """More of the answer."""

    @abstractmethod
    def end_text(self) -> None:
        """The message that was being shown, if any, is complete."""

    @abstractmethod
    def show_result(self, call: ToolCall, result: str) -> None:
        """A tool has answered."""

    @abstractmethod
    def show_file(self, text: str) -> None:
        """What became of a file that the agent gave."""

    def show_data(self, text: str) -> None:
        """What the answer comes to, where it has a form: JSON."""
        self.show_text(text)
        self.end_text()

    def follow(self, event: dict[str, Any]) -> None:
        """Take one AG-UI event in; those of no interest here, or unknown, are passed over."""
        match event:
            case {"type": "SUBAGENT_STARTED", "subagentRunId": str(agent), "parentToolCallId": id} if id in self.calls:
                self._agents[agent] = self.calls[id]
            case {"type": "TEXT_MESSAGE_CONTENT", "subagentRunId": str(agent), "delta": str(delta)}:
                if agent in self._agents:
                    self._agents[agent].told += delta
            case {"subagentRunId": str()}:
                pass
            case {"type": "TEXT_MESSAGE_CONTENT", "delta": str(delta)}:
                self._count_first_token()
                self.show_text(printable(delta))
            case {"type": "REASONING_MESSAGE_CONTENT", "delta": str(delta)}:
                self._count_first_token()
                self.show_thought(printable(delta))
            case {"type": "REASONING_MESSAGE_END"}:
                self.end_thoughts()
            case {"type": "TEXT_MESSAGE_END"}:
                self.end_text()
            case {"type": "TOOL_CALL_START", "toolCallId": str(id), "toolCallName": str(name)}:
                self._count_first_token()
                self.end_text()
                self.calls[id] = ToolCall(name)
            case {"type": "TOOL_CALL_ARGS", "toolCallId": id, "delta": str(delta)} if id in self.calls:
                self.calls[id].arguments += delta
            case {"type": "TOOL_CALL_END", "toolCallId": id} if id in self.calls:
                self.calls[id].since = time.monotonic()
            case {"type": "TOOL_CALL_RESULT", "toolCallId": id, "content": str(content)} if id in self.calls:
                self.calls[id].result = content
                self.answered.append(self.calls[id])
                self.show_result(self.calls.pop(id), content)
            case {"type": "ACTIVITY_SNAPSHOT", "activityType": "file", "content": content}:
                self.end_text()
                self.show_file(self.received(content))
            case {"type": "RUN_FINISHED"}:
                if (result := event.get("result")) is not None:
                    self.show_data(printable(json.dumps(result, ensure_ascii=False, indent=2)))
                self.interrupts = (event.get("outcome") or {}).get("interrupts", [])
                self._tokens = sum(entry.get("totalTokens", 0) for entry in event.get("usage") or [])

    def summary(self) -> str:
        """Time to the first token (of whatever kind), time in all, and tokens used."""
        total = f"{time.monotonic() - self.started:.1f} s"
        first = [] if self._first_token is None else [f"first token {self._first_token:.2f} s"]
        tokens = [f"{self._tokens:,} tokens"] if self._tokens else []
        return " · ".join([*first, total, *tokens])

    def _count_first_token(self) -> None:
        if self._first_token is None:
            self._first_token = time.monotonic() - self.started


class PlainView(TurnView):
    """The answer alone on standard output, as it comes; what happens on the way on standard error."""

    def __init__(self, out: Console, err: Console) -> None:
        super().__init__()
        self._out = out
        self._err = err
        self._last = ""
        self._gap = ""
        self._thinking = False

    def show_thought(self, text: str) -> None:
        """Write the thought, dim, on standard error."""
        self._thinking = True
        self._err.out(text, end="", style="dim", highlight=False)

    def end_thoughts(self) -> None:
        """End the line, once a train of thought."""
        if self._thinking:
            self._err.out("", highlight=False)
            self._thinking = False

    def show_text(self, text: str) -> None:
        """Write the text, after a blank line if a message came before."""
        self._out.out(self._gap + text, end="", highlight=False)
        self._gap, self._last = "", text or self._last

    def end_text(self) -> None:
        """End the line, once a message."""
        if self._last:
            self._out.out("", end="" if self._last.endswith("\n") else "\n", highlight=False)
            self._gap, self._last = "\n", ""

    def show_result(self, call: ToolCall, result: str) -> None:
        """One line on standard error."""
        self._err.out(call.line("✗" if call.failed else "-", 200, result).plain, highlight=False)

    def show_file(self, text: str) -> None:
        """One line on standard error."""
        self._err.out(text, highlight=False)
