"""A2A tasks: each is kept up to date by the log of its run, whoever reads it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from a2a.types import Artifact, Message, Task, TaskArtifactUpdateEvent, TaskState, TaskStatusUpdateEvent
from ag_ui.core import Interrupt

from ..errors import Refused
from ..runs.requests import Follow, Request
from ..server.service import Service
from .updates import WORKING, Change, Update, Updates, since_now, text_artifact

ENDED = {TaskState.TASK_STATE_COMPLETED, TaskState.TASK_STATE_FAILED, TaskState.TASK_STATE_CANCELED}


class Work:
    """One task: what was said in it, and what it waits for."""

    def __init__(self, id: str, context_id: str) -> None:
        self.id = id
        self.context_id = context_id
        self.run_id = ""
        self.status = since_now(TaskState.TASK_STATE_SUBMITTED)
        self.interrupts: list[Interrupt] = []
        self._seen = 0
        self._history: list[Message] = []
        self._texts: dict[str, list[str]] = {}
        self._whole: list[Artifact] = []
        """Those that came in one piece: files, and a result."""
        self._recorder: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen in it."""
        return self.status.state in ENDED

    @property
    def waits(self) -> bool:
        """Whether it waits for an answer."""
        return bool(self.status.state == TaskState.TASK_STATE_INPUT_REQUIRED)

    def snapshot(self, *, with_artifacts: bool = True) -> Task:
        """The task as it is now."""
        texts = {id: "".join(pieces) for id, pieces in self._texts.items() if with_artifacts}
        artifacts = [text_artifact(id, text) for id, text in texts.items() if text.strip()]
        artifacts += self._whole if with_artifacts else []
        return Task(
            id=self.id, context_id=self.context_id, status=self.status, artifacts=artifacts, history=self._history
        )

    async def begin(self, service: Service, request: Request, message: Message) -> None:
        """Begin a run of this task. Raises `Refused`; then the task is as it was."""
        begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        recorder = asyncio.create_task(self._record(service, request, message, begun))
        await asyncio.wait({recorder, begun}, return_when=asyncio.FIRST_COMPLETED)
        if not begun.done():
            await recorder  # raises why it did not begin

    async def _record(
        self, service: Service, request: Request, message: Message, begun: "asyncio.Future[None]"
    ) -> None:
        async with service.events(request) as events, aclosing(events):
            self._recorder, self.run_id, self._seen = asyncio.current_task(), request.run_id, 0
            self.status = since_now(WORKING)
            self._history.append(message)
            begun.set_result(None)
            updates = Updates(self.id, self.context_id, self.run_id)
            async for number, event in events:
                told = json.loads(event)
                self._seen, self.interrupts = number, interrupts_of(told)
                for update in updates.of(told):
                    self._apply(update)

    def _apply(self, update: Change) -> None:
        if isinstance(update, TaskArtifactUpdateEvent) and update.artifact.name:
            self._whole.append(update.artifact)
        elif not isinstance(update, TaskStatusUpdateEvent):
            pieces = self._texts.setdefault(update.artifact.artifact_id, [])
            pieces += [part.text for part in update.artifact.parts]
        elif update.status.state != WORKING:
            self.status = update.status
            self._history += [update.status.message] if update.status.HasField("message") else []

    async def settled(self) -> None:
        """Return once its run has ended."""
        if self._recorder:
            await asyncio.wait({self._recorder})

    async def follow(self, service: Service) -> AsyncGenerator[Update]:
        """The task as it is, then what changes, until its run has ended."""
        recorder, updates = self._recorder, Updates(self.id, self.context_id, self.run_id)
        follow = Follow(runId=self.run_id, after=self._seen)
        request = request_of(self.context_id, self.run_id, follow=follow)
        yield self.snapshot()
        try:
            async with service.events(request) as events, aclosing(events):
                async for _, event in events:
                    for update in updates.of(json.loads(event)):
                        if recorder and isinstance(update, TaskStatusUpdateEvent) and update.status.state != WORKING:
                            await asyncio.wait({recorder})  # its reader may answer at once
                            if self.status.state == update.status.state:
                                update.status.CopyFrom(self.status)  # the time is the task's
                        yield update
        except Refused:  # the run has ended meanwhile, and is forgotten
            await self.settled()
            yield self.snapshot()

    def cancelled(self) -> None:
        """It waits no longer."""
        self.status, self.interrupts = since_now(TaskState.TASK_STATE_CANCELED), []

    def recall(self, event: dict[str, Any]) -> None:
        """What it waits for, of an event that a process before this one has told."""
        self.interrupts = interrupts_of(event)
        if self.interrupts:
            asked = event["outcome"]["interrupts"]
            self.status = Updates(self.id, self.context_id, event["runId"]).asking(asked)


def interrupts_of(event: dict[str, Any]) -> list[Interrupt]:
    """What is asked at the end of a run."""
    asked = (event.get("outcome") or {}).get("interrupts") or []
    return [Interrupt.model_validate(each) for each in asked]


def request_of(context_id: str, run_id: str, **options: Any) -> Request:
    """What is asked of the session that is the context."""
    return Request(session_id=context_id, thread_id=context_id, run_id=run_id, **options)
