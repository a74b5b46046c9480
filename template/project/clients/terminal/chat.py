"""A conversation with the agent, one turn at a time, on whatever the output is."""

import asyncio
import sys
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx2
from rich.console import Console

from ..stream import AgentError, Run, connection, events, explained
from .view import PlainView, ToolCall, TurnView

OK, FAILED, INTERRUPTED = 0, 1, 130


@dataclass
class Chat:
    """Where the agent is, how to be let in, which session talks to it, and what the turns are shown on."""

    url: str
    auth: httpx2.Auth | None
    session: str
    out: Console = field(default_factory=lambda: Console(highlight=False))
    err: Console = field(default_factory=lambda: Console(highlight=False, stderr=True))
    tools: list[ToolCall] = field(default_factory=list)  # that the last answer called

    def ask(self, question: str) -> int:
        """One turn, shown as it streams. Returns an exit code; after any of them the session can be asked again."""
        try:
            asyncio.run(self._turn(question))
            return OK
        except AgentError as error:
            return self._complain(error)
        except KeyboardInterrupt:
            self.note("Stopped.")
            return INTERRUPTED

    def check(self) -> int:
        """Whether an agent answers at all: an exit code, after a word on what to do if none does."""
        try:
            asyncio.run(self._reach())
            return OK
        except AgentError as error:
            return self._complain(error)

    async def _reach(self) -> None:
        """Any HTTP answer will do."""
        async with httpx2.AsyncClient(**connection(self.url)) as client:
            with explained(self.url):
                await client.head(self.url)

    def note(self, text: str) -> None:
        """A word from the client itself; standard output holds nothing but answers."""
        self.err.print(text, style="dim", markup=False, soft_wrap=True)

    def _complain(self, error: AgentError) -> int:
        self.err.print(f"{error} ({error.code})", style="red", markup=False, soft_wrap=True)
        return FAILED

    async def _turn(self, question: str) -> None:
        with self._view() as view:
            self.tools = view.answered
            async with aclosing(events(Run(self.url, self.session, prompt=question), self.auth)) as turn:
                async for event in turn:
                    view.follow(event)
        self.note(view.summary())

    def _view(self) -> TurnView:
        if not sys.stdout.isatty() or self.out.is_dumb_terminal:
            return PlainView(self.out, self.err)
        from .live import LiveView

        return LiveView(self.out)
