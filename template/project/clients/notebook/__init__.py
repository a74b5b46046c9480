"""What `tutorial.ipynb` uses beside the Python client: an agent on this machine, and answers that grow in the page."""

import atexit
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx2
import IPython.display
from ag_ui.core import (
    Event,
    Interrupt,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    SubagentStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    ToolCallArgsEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)

from clients.stream import asked

PROJECT = Path(__file__).parents[2]
JUPYTER: Any = IPython.display  # it has no types
FRAME = 0.08  # seconds between two pictures


def local_agent() -> str:
    """Serve the agent offline until this Python ends: a script stands in for the model. Gives the agent's address."""
    command = [sys.executable, "-m", "dev.serve", "--offline", "--port", "0"]
    server = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    atexit.register(server.terminate)
    assert server.stdout is not None
    url = next(found[0] for line in server.stdout if (found := re.search(r"http://[\d.]+:\d+", line)))
    with httpx2.Client(transport=httpx2.HTTPTransport(retries=8)) as client:
        client.get(f"{url}/ping")
    return f"{url}/invocations"


def show(events: Iterable[Event]) -> None:
    """Show a turn as markdown that grows while its events come in."""
    turn = _Turn()
    picture = JUPYTER.display(JUPYTER.Markdown(""), display_id=True)
    drawn = time.monotonic()
    for event in events:
        turn.follow(event)
        if time.monotonic() - drawn > FRAME:
            picture.update(JUPYTER.Markdown(turn.picture))
            drawn = time.monotonic()
    picture.update(JUPYTER.Markdown(turn.text))


def _asked(interrupt: Interrupt) -> str:
    """What a person is asked; the address of a page in full, as a link."""
    message, page = asked(interrupt.message, interrupt.metadata)
    return f"> ? {message}{f' <{page}>' if page else ''}\n\n"


class _Turn:
    """The text of a turn, with a line for each tool call that has been answered."""

    def __init__(self) -> None:
        self.text = ""
        self._calls: dict[str, list[str]] = {}
        self._asking: dict[str, str] = {}
        """The calls that ask other agents, by the agent's run."""
        self._told: dict[str, str] = {}
        """What they have been told so far, by call."""

    @property
    def picture(self) -> str:
        """The text, and what other agents say just now."""
        told = (f"> `{self._calls[id][0]}` … {json.dumps(text, ensure_ascii=False)}" for id, text in self._told.items())
        return "\n\n".join([self.text.rstrip("\n"), *told])

    def follow(self, event: Event) -> None:
        """Take one event in."""
        if agent := getattr(event, "subagent_run_id", None):
            return self._follow_other(agent, event)
        match event:
            case TextMessageContentEvent(delta=delta):
                self.text += delta
            case TextMessageEndEvent():
                self.text += "\n\n"
            case RunFinishedEvent(outcome=RunFinishedInterruptOutcome(interrupts=interrupts)):
                self.text += "".join(_asked(interrupt) for interrupt in interrupts)
            case RunFinishedEvent(result=result) if result is not None:
                self.text += f"```json\n{json.dumps(result, ensure_ascii=False, indent=2)}\n```\n\n"
            case ToolCallStartEvent(tool_call_id=id, tool_call_name=name):
                self._calls[id] = [name, ""]
            case ToolCallArgsEvent(tool_call_id=id, delta=delta):
                self._calls[id][1] += delta
            case ToolCallResultEvent(tool_call_id=id, content=str(content)):
                name, arguments = self._calls.pop(id)
                self._told.pop(id, None)
                mark = "✗ " if content.startswith("Error:") else ""
                self.text += f"> {mark}`{name}` `{arguments}` → {json.dumps(content, ensure_ascii=False)}\n\n"

    def _follow_other(self, agent: str, event: Event) -> None:
        match event:
            case SubagentStartedEvent(parent_tool_call_id=str(id)) if id in self._calls:
                self._asking[agent], self._told[id] = id, ""
            case TextMessageContentEvent(delta=delta) if self._asking.get(agent) in self._told:
                self._told[self._asking[agent]] += delta
