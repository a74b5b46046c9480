"""A conversation with the agent, one turn at a time, on whatever the output is."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
from rich.console import Console

from ..files import File, file_of
from ..stream import AgentError, Json, Run, asked, connection, events, explained
from . import wire
from .view import PlainView, ToolCall, TurnView

OK, FAILED, INTERRUPTED = 0, 1, 130

Person = Callable[[Json, ToolCall | None], Json]
"""Asks who sits at the terminal what an interrupt asks, about this call; gives an entry of AG-UI's `resume`."""


@dataclass
class Chat:
    """Where the agent is, how to be let in, which session talks to it, and what the turns are shown on."""

    url: str
    auth: httpx2.Auth | None
    session: str
    person: Person | None = None
    out: Console = field(default_factory=lambda: Console(highlight=False))
    err: Console = field(default_factory=lambda: Console(highlight=False, stderr=True))
    tools: list[ToolCall] = field(default_factory=list)  # that the last answer called
    files: list[File] = field(default_factory=list)  # that the last answer gave
    folder: Path | None = None  # where they are saved as they come
    waiting: dict[str, ToolCall] = field(default_factory=dict)  # calls that have no result yet

    def ask(self, question: str, instead_of: str | None = None) -> int:
        """One turn, shown as it streams. Returns an exit code; after any of them the session can be asked again."""
        self.tools, self.files = [], []
        changed = {"instead_of": instead_of} if instead_of else {}
        return self._done(self._turn(wire.run(self.url, self.session, prompt=question, **changed)))

    def check(self) -> int:
        """Whether an agent answers at all: an exit code, after a word on what to do if none does."""
        return self._done(self._reach())

    def catch_up(self) -> int:
        """Go on with what the session does or waits for."""
        return self._done(self._go_on())

    def history(self) -> list[Json]:
        """The messages of the session, as the agent knows them; none, and a complaint, where it cannot be asked."""
        try:
            return asyncio.run(self._recall()).messages
        except AgentError as error:
            self._complain(error)
            return []

    def save(self, file: File, folder: Path) -> str:
        """Save a file; says where it is, or why it could not be saved."""
        try:
            return f"{file} → {file.save(folder)}"
        except OSError as error:
            return f"{file} cannot be saved in {folder}: {error.strerror}"

    def _received(self, content: Json) -> str:
        try:
            file = file_of(content)
        except ValueError:
            return "A file came that cannot be read."
        self.files.append(file)
        return self.save(file, self.folder) if self.folder else f"{file}: --save DIR keeps files, and so does /save"

    def note(self, text: str) -> None:
        """A message of the client, on standard error: standard output has answers only."""
        self.err.print(text, style="dim", markup=False, soft_wrap=True)

    def _done(self, work: Coroutine[Any, Any, int]) -> int:
        try:
            return asyncio.run(work)
        except AgentError as error:
            return self._complain(error)
        except (KeyboardInterrupt, asyncio.CancelledError):  # the latter where Ctrl-C comes before asyncio is ready
            self.note("Stopped.")
            return INTERRUPTED

    def _complain(self, error: AgentError) -> int:
        self.err.print(f"{error} ({error.code})", style="red", markup=False, soft_wrap=True)
        return FAILED

    async def _reach(self) -> int:
        """Any HTTP answer will do; that of `serve` says whether a script stands in for the model."""
        async with httpx2.AsyncClient(**connection(self.url)) as client:
            with explained(self.url):
                about = await client.get(urljoin(self.url, "/about"))
        if about.is_success and b'"offline":true' in about.content:
            self.note("OFFLINE: a script stands in for the model.")
        return OK

    async def _turn(self, run: Run) -> int:
        """A run, and those that follow it as long as people are asked."""
        while interrupts := await self._run(run):
            if self.person is None:
                self.note("\n".join(" ".join(asked(each.get("message"), each.get("metadata"))) for each in interrupts))
                self.note(f"The agent waits for an answer: chat --interactive --session {self.session}")
                return FAILED
            answers = [await asyncio.to_thread(self._answer, interrupt) for interrupt in interrupts]
            run = run.answered(answers)
        return OK

    def _answer(self, interrupt: Json) -> Json:
        assert self.person
        return self.person(interrupt, self.waiting.get(interrupt.get("toolCallId", "")))

    async def _run(self, run: Run) -> list[Json]:
        """Show a run; gives the interrupts with which it ends."""
        with self._view() as view:
            view.received = self._received
            view.calls, view.answered, view.is_lost = self.waiting, self.tools, lambda: run.is_lost
            async with aclosing(events(run, self.auth)) as told:
                async for event in told:
                    view.follow(event)
        self.note(view.summary())
        return view.interrupts

    async def _go_on(self) -> int:
        session = await self._recall()
        self.waiting = {id: call for id, call in calls_of(session.messages).items() if not call.result}
        if session.is_running:
            return await self._turn(session.run)
        if not session.asked or not self.person:
            return OK
        answers = [await asyncio.to_thread(self._answer, interrupt) for interrupt in session.asked]
        return await self._turn(session.run.answered(answers))

    async def _recall(self) -> wire.Recalled:
        return await wire.recall(self.url, self.auth, self.session)

    def _view(self) -> TurnView:
        if not sys.stdout.isatty() or self.out.is_dumb_terminal:
            return PlainView(self.out, self.err)
        from .live import LiveView

        return LiveView(self.out)


def calls_of(messages: list[Json]) -> dict[str, ToolCall]:
    """The tool calls in messages, by id; those that have been answered with their results."""
    called = (call for message in messages for call in message.get("toolCalls") or [])
    calls = {call["id"]: ToolCall(call["function"]["name"], call["function"]["arguments"]) for call in called}
    for message in messages:
        if message["role"] == "tool" and message["toolCallId"] in calls:
            calls[message["toolCallId"]].result = str(message["content"])
    return calls
