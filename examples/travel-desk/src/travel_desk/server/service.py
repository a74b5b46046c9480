"""Answers a request, over HTTP or WebSocket: starts a run, follows one, ends one, or sends the history."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ag_ui.core import MessagesSnapshotEvent, StateSnapshotEvent

from .. import memory
from ..conversation.conversation import Pause, begin
from ..errors import Failure, Refused
from ..runs.events import RunEvents, event_json
from ..runs.requests import Request
from ..runs.run import Run, Runtime
from .sessions import Session, Sessions

Events = AsyncGenerator[tuple[int, str]]


class Service:
    """The sessions of the process and their runs. Only the server's event loop uses it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        settings = runtime.settings
        self._sessions = Sessions(max_sessions=settings.max_sessions, max_runs=settings.max_runs)

    @property
    def busy(self) -> bool:
        """Whether a run goes on."""
        return bool(self._sessions.active)

    @asynccontextmanager
    async def events(self, request: Request) -> AsyncIterator[Events]:
        """The events that answer a request, numbered. Raises `Refused` before there are any.

        Leaving the block ends the run that the request began, unless that runs in the background.
        """
        session = await self._sessions.get(request.session_id)
        if request.history:
            yield self._history(request, session)
        elif request.follow:
            yield self._followed(request, session)
        else:
            run = await self._begun(request, session)
            try:
                yield run.log.follow()
            finally:
                run.reader_left()

    async def _begun(self, request: Request, session: Session) -> Run:
        await self._sessions.free(session)
        if self._runtime.workers.full:
            raise Refused(503, "tools_busy", "Tools of earlier runs have not returned yet. Try again soon.")
        turn = begin(session.conversation, request, self._runtime.settings)
        run = Run(request, session.conversation, turn, self._runtime)
        session.add(run, self._runtime.settings.follow_seconds)
        return run

    def _followed(self, request: Request, session: Session) -> Events:
        assert request.follow
        run = session.runs.get(request.follow.run_id)
        if run is None:
            messages = [message.model_dump(by_alias=True) for message in session.conversation.messages]
            raise Refused(404, "no_such_run", "There is no such run in this session (any more).", messages=messages)
        if request.follow.after > len(run.log):
            raise Refused(400, "invalid_cursor", f"The run has {len(run.log)} events: `after` is beyond them.")
        return run.log.follow(request.follow.after)

    async def cancel(self, request: Request) -> dict[str, Any]:
        """End the run, or what the session waits for, and tell the outcome."""
        session = await self._sessions.get(request.session_id)
        assert request.cancel
        run_id = request.cancel.run_id
        run = session.active if run_id is None else session.runs.get(run_id)
        if run is None and not (run_id is None and session.conversation.pause):
            raise Refused(404, "no_such_run", "There is no such run in this session (any more).")
        if run:
            run.cancel()
            await asyncio.wait({run.task})
            return {"runId": run.id, "outcome": run.outcome}
        session.conversation.forget_pause()
        await memory.keep(session.id, session.conversation)
        return {"runId": None, "outcome": "cancelled"}

    async def _history(self, request: Request, session: Session) -> Events:
        """A whole run that tells the messages and the state, and what the session waits for."""
        conversation, run = session.conversation, session.active
        events = RunEvents(request)
        pause = Pause(turn=run.turn.messages) if run else conversation.pause or Pause(turn=[])
        metadata = {"activeRunId": run.id} if run else None
        snapshot = MessagesSnapshotEvent(messages=[*conversation.messages, *pause.turn], metadata=metadata)
        state = StateSnapshotEvent(snapshot=conversation.state)
        closing = events.finished(pause.interrupts, pause.client_calls)
        for number, event in enumerate([events.started(), event_json(snapshot), event_json(state), closing], 1):
            yield number, event

    async def shut_down(self) -> None:
        """Take no more runs, and end those that go on: each tells its readers why."""
        self._sessions.closed = True
        runs = self._sessions.active
        for run in runs:
            run.cancel(Failure("shutting_down"))
        if runs:
            await asyncio.wait({run.task for run in runs}, timeout=1)
