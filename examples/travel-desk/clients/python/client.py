"""The agent's turns as typed AG-UI events, each as soon as it arrives."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from time import sleep
from typing import Any, Self

import httpx2
from ag_ui.core import (
    ActivitySnapshotEvent,
    Event,
    EventType,
    Interrupt,
    Message,
    MessagesSnapshotEvent,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
)
from pydantic import TypeAdapter

from .. import files
from ..files import File
from ..stream import (
    SESSION_HEADER,
    Json,
    Refused,
    Run,
    accepted,
    address,
    broken_off,
    connection,
    events,
    events_of,
    explained,
    is_stream,
    local,
)

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
KNOWN = {kind.value for kind in EventType}
ERRORS = (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TypeError, KeyError, Refused)

Answer = bool | Mapping[str, Any] | None
"""What a person says to an interrupt: whether they approve, or what its `response_schema` asks for; None cancels it."""
Approve = Callable[[Interrupt], Answer]
AsyncApprove = Callable[[Interrupt], Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class History:
    """What a session has said: whole turns, then one that goes on (`running` is its run) or waits for `interrupts`."""

    messages: list[Message]
    interrupts: list[Interrupt]
    running: str | None


@dataclass(frozen=True)
class BaseAgent:
    """Where the agent is, and how to be let in."""

    url: str = field(default_factory=local)
    auth: httpx2.Auth | None = None

    @classmethod
    def deployed(
        cls, arn: str, token: str | None = None, endpoint: str = "DEFAULT", profile: str | None = None
    ) -> Self:
        """The agent of an AgentCore runtime, asked with a bearer token or, without one, with your AWS credentials."""
        from ..runtime import deployed

        return cls(*deployed(arn, token, endpoint, profile))

    def _request(self, session: str, body: Json) -> Json:
        return {"url": address(self.url), "json": body, "headers": {SESSION_HEADER: session}}


class AgentClient(BaseAgent):
    """Asks the agent, and gives what it says as it comes."""

    def stream(self, prompt: str, session: str, *, approve: Approve | None = None) -> Generator[Event]:
        """The events of one turn of a session (`new_session()` begins one); closing the generator cancels the turn.

        A lost connection is made again: each event comes once. `approve` is called for each interrupt, and the turn
        goes on with what it says; without it the turn ends there, and `resume` goes on.

        Raises `AgentError`: the agent can't be reached (any more), refuses the request, or fails (RUN_ERROR). The turn
        is forgotten then, and the session can be asked again.
        """
        return self._turn(Run(self.url, session, prompt=prompt), approve)

    def resume(
        self, session: str, answers: Mapping[str, Answer], *, approve: Approve | None = None
    ) -> Generator[Event]:
        """Go on with a turn that waits: `answers` has one for the id of each of its interrupts."""
        entries = [resume_entry(id, answer) for id, answer in answers.items()]
        return self._turn(Run(self.url, session, resume=entries), approve)

    def follow(self, session: str, run_id: str) -> Generator[Event]:
        """The events of a run that goes on, or has just ended, from its first; closing the generator cancels it."""
        return self._turn(Run(self.url, session, follow=run_id), None)

    def history(self, session: str) -> History:
        """What the agent knows of a session. Raises `AgentError`."""
        response = self._post(session, {"history": True})
        return _history(response)

    def cancel(self, session: str, run_id: str | None = None) -> str:
        """End a run of a session, or whatever it does or waits for; gives the outcome. Raises `AgentError`."""
        response = self._post(session, {"cancel": {"runId": run_id} if run_id else {}})
        return str(response.json()["outcome"])

    def _turn(self, run: Run, approve: Approve | None) -> Generator[Event]:
        while True:
            last = yield from self._events(run)
            asked = _interrupts(last)
            if not asked or approve is None:
                return
            run = run.answered([resume_entry(interrupt.id, approve(interrupt)) for interrupt in asked])

    def _events(self, run: Run) -> Generator[Event, None, Event | None]:
        last = None
        with httpx2.Client(auth=self.auth, **connection(run.url)) as client:
            try:
                while not run.ended:
                    try:
                        with client.sse(**run.request) as source:
                            for event in _taken(run, source):
                                for last in _typed(event):
                                    yield last
                        broken_off(run)
                    except ERRORS as error:
                        sleep(run.failed(error))
            finally:
                if not run.ended:
                    with suppress(httpx2.HTTPError):
                        client.post(**run.cancellation)
        return last

    def _post(self, session: str, body: Json) -> httpx2.Response:
        with httpx2.Client(auth=self.auth, **connection(self.url)) as client, explained(self.url):
            response = client.post(**self._request(session, body))
            accepted(response)
            return response


class AsyncAgentClient(BaseAgent):
    """The same, for asyncio. Leave a stream early within `contextlib.aclosing`, or the turn goes on for a while."""

    def stream(self, prompt: str, session: str, *, approve: AsyncApprove | None = None) -> AsyncGenerator[Event]:
        """As `AgentClient.stream`."""
        return self._turn(Run(self.url, session, prompt=prompt), approve)

    def resume(
        self, session: str, answers: Mapping[str, Answer], *, approve: AsyncApprove | None = None
    ) -> AsyncGenerator[Event]:
        """As `AgentClient.resume`."""
        entries = [resume_entry(id, answer) for id, answer in answers.items()]
        return self._turn(Run(self.url, session, resume=entries), approve)

    def follow(self, session: str, run_id: str) -> AsyncGenerator[Event]:
        """As `AgentClient.follow`."""
        return self._turn(Run(self.url, session, follow=run_id), None)

    async def history(self, session: str) -> History:
        """As `AgentClient.history`."""
        return _history(await self._post(session, {"history": True}))

    async def cancel(self, session: str, run_id: str | None = None) -> str:
        """As `AgentClient.cancel`."""
        response = await self._post(session, {"cancel": {"runId": run_id} if run_id else {}})
        return str(response.json()["outcome"])

    async def _turn(self, run: Run, approve: AsyncApprove | None) -> AsyncGenerator[Event]:
        while True:
            last = None
            async with aclosing(events(run, self.auth)) as told:
                async for event in told:
                    for last in _typed(event):
                        yield last
            asked = _interrupts(last)
            if not asked or approve is None:
                return
            run = run.answered([resume_entry(interrupt.id, await _said(approve(interrupt))) for interrupt in asked])

    async def _post(self, session: str, body: Json) -> httpx2.Response:
        async with httpx2.AsyncClient(auth=self.auth, **connection(self.url)) as client:
            with explained(self.url):
                response = await client.post(**self._request(session, body))
                accepted(response)
                return response


def _taken(run: Run, source: httpx2.EventSource) -> Iterator[Json]:
    if not is_stream(source.response):
        return (yield from run.take_whole(source.response, source.response.read()))
    for message in source:
        yield from run.take(message)


def _typed(event: Json) -> list[Event]:
    """The event, or nothing where its type is newer than the `ag-ui-protocol` installed here."""
    return [EVENT.validate_python(event)] if event["type"] in KNOWN else []


def file_of(event: Event) -> File | None:
    """The file in an event: `name`, `media_type`, `data`, and `save(folder)`. None in all others.

    Raises `ValueError` for one that cannot be read.
    """
    if isinstance(event, ActivitySnapshotEvent) and event.activity_type == files.ACTIVITY:
        return files.file_of(event.content)
    return None


def _interrupts(event: Event | None) -> list[Interrupt]:
    if isinstance(event, RunFinishedEvent) and isinstance(event.outcome, RunFinishedInterruptOutcome):
        return event.outcome.interrupts
    return []


def resume_entry(interrupt_id: str, answer: Answer) -> Json:
    """An entry of AG-UI's `resume`."""
    if answer is None:
        return {"interruptId": interrupt_id, "status": "cancelled"}
    payload = {"approved": answer} if isinstance(answer, bool) else dict(answer)
    return {"interruptId": interrupt_id, "status": "resolved", "payload": payload}


async def _said(answer: Answer | Awaitable[Answer]) -> Answer:
    return await answer if inspect.isawaitable(answer) else answer


def _history(response: httpx2.Response) -> History:
    told = [EVENT.validate_python(event) for event in events_of(response)]
    snapshot = next(event for event in told if isinstance(event, MessagesSnapshotEvent))
    running = (snapshot.metadata or {}).get("activeRunId")
    return History(list(snapshot.messages), _interrupts(told[-1]), running)
