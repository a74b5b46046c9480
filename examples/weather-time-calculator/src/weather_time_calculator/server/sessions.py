"""The sessions of this process: for each, its conversation, its current run and its recent runs."""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from .. import memory
from ..conversation.conversation import Conversation
from ..errors import Failure, Refused, reason
from ..runs.run import Run

logger = logging.getLogger(__name__)

FREE_SECONDS = 0.2
"""How long a request waits for a session whose caller has just left."""


@dataclass
class Session:
    """One session. `conversation` is empty until it is read from where conversations are kept."""

    id: str
    conversation: Conversation = field(default_factory=Conversation)
    is_read: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    runs: dict[str, Run] = field(default_factory=dict)

    @property
    def active(self) -> Run | None:
        """The run that goes on."""
        return next((run for run in self.runs.values() if not run.ended), None)

    def add(self, run: Run, follow_seconds: float) -> None:
        """Hold a run, and for so long after its end, so that it can be followed."""

        def forget() -> None:
            if self.runs.get(run.id) is run:
                del self.runs[run.id]

        loop = asyncio.get_running_loop()
        self.runs[run.id] = run
        run.task.add_done_callback(lambda _: loop.call_later(follow_seconds, forget))


@dataclass
class Sessions:
    """Holds at most `max_sessions` sessions, and lets at most `max_runs` runs go on at once.

    Not thread-safe: every call is made from the server's event loop.
    """

    max_sessions: int
    max_runs: int
    closed: bool = False
    _sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict)

    @property
    def active(self) -> list[Run]:
        """The runs that go on."""
        return [run for session in self._sessions.values() if (run := session.active)]

    async def get(self, session_id: str) -> Session:
        """The session, its conversation read. The least recently used idle one is forgotten, if there are too many."""
        session = self._sessions.setdefault(session_id, Session(session_id))
        self._sessions.move_to_end(session_id)
        idle = [id for id, each in self._sessions.items() if each is not session and not each.active]
        for id in idle[: max(len(self._sessions) - self.max_sessions, 0)]:
            del self._sessions[id]
        async with session.lock:
            if not session.is_read:
                await self._read(session)
        return session

    async def _read(self, session: Session) -> None:
        try:
            session.conversation = await memory.read(session.id)
            session.is_read = True
        except Failure as failure:
            logger.error("session %r cannot be read: %s", session.id, reason(failure))
            raise Refused(503, failure.code, failure.message) from failure

    async def free(self, session: Session) -> None:
        """Return once the session has no run. Raises `Refused`: 409 if it goes on, 503 when the server is full."""
        if self.closed:
            raise Refused(503, "shutting_down", "The server is shutting down. Ask again.")
        if run := session.active:
            await asyncio.wait({run.task}, timeout=None if run.ending else FREE_SECONDS)
        if run := session.active:
            message = "This session is answering already. Wait, follow that run, or use another session."
            raise Refused(409, "session_busy", message, runId=run.id)
        if len(self.active) >= self.max_runs:
            raise Refused(503, "server_busy", f"The server runs {self.max_runs} turns already. Try again soon.")
