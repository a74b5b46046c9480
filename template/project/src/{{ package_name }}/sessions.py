"""Conversations by session id, each run by one caller at a time."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from .errors import Refused

Conversation = TypeVar("Conversation")


class Sessions(Generic[Conversation]):
    """Holds at most `max_sessions` conversations, and lets at most `max_runs` of them run at once.

    Not thread-safe: every call is made from the server's event loop.
    """

    def __init__(self, create: Callable[[], Conversation], *, max_sessions: int, max_runs: int) -> None:
        self._create = create
        self._max_sessions = max_sessions
        self._max_runs = max_runs
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()
        self._running: set[str] = set()

    @contextmanager
    def claim(self, session_id: str) -> Iterator[Conversation]:
        """The session's conversation, which nobody else can run until the block ends.

        Raises `Refused`: 409 when the session is running already, 503 when the server is full.
        """
        if session_id in self._running:
            raise Refused(409, "session_busy", "This session is answering already. Wait, or use another session.")
        if len(self._running) >= self._max_runs:
            raise Refused(503, "server_busy", f"The server runs {self._max_runs} turns already. Try again soon.")
        self._running.add(session_id)
        try:
            yield self._conversation(session_id)
        finally:
            self._running.discard(session_id)

    def _conversation(self, session_id: str) -> Conversation:
        if session_id not in self._conversations:
            self._conversations[session_id] = self._create()
            self._forget_oldest()
        self._conversations.move_to_end(session_id)
        return self._conversations[session_id]

    def _forget_oldest(self) -> None:
        excess = len(self._conversations) - self._max_sessions
        idle = [session_id for session_id in self._conversations if session_id not in self._running]
        for session_id in idle[: max(excess, 0)]:
            del self._conversations[session_id]
