"""An agent that speaks A2A 1.0, asked by JSON-RPC: what it tells comes as typed AG-UI events."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx2
from ag_ui.core import (
    Event,
    RunFinishedCancelledOutcome,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    RunFinishedSuccessOutcome,
    RunStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
)
from pydantic import TypeAdapter

from .python.client import Approve, BaseAgent, resume_entry
from .stream import SESSION_HEADER, AgentError, Json, accepted, connection, explained, new_session

__all__ = ["AgentClient", "AgentError", "new_session"]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
OUTCOMES: dict[str, Any] = {
    "TASK_STATE_COMPLETED": RunFinishedSuccessOutcome(),
    "TASK_STATE_CANCELED": RunFinishedCancelledOutcome(),
}


class AgentClient(BaseAgent):
    """Asks the agent. A task goes on when a stream is left."""

    def stream(self, prompt: str, session: str, *, approve: Approve | None = None) -> Generator[Event]:
        """The events of one task; `approve` answers what it waits for, without it the events end there."""
        message: Json = {"parts": [{"text": prompt}], "contextId": session}
        while True:
            last = yield from self._told(message, session)
            outcome = last.outcome
            if not isinstance(outcome, RunFinishedInterruptOutcome) or approve is None:
                return
            answers = [resume_entry(interrupt.id, approve(interrupt)) for interrupt in outcome.interrupts]
            message = {"parts": [{"data": {"resume": answers}}], "contextId": session, "taskId": last.run_id}

    def _told(self, message: Json, session: str) -> Generator[Event, None, RunFinishedEvent]:
        last: Event | None = None
        with self._responses(message | {"messageId": str(uuid4()), "role": "ROLE_USER"}, session) as responses:
            for response in responses:
                for last in _events(response):
                    yield last
        if not isinstance(last, RunFinishedEvent):
            raise AgentError("connection_lost", "The connection broke before the answer was complete.")
        return last

    @contextmanager
    def _responses(self, message: Json, session: str) -> Iterator[Iterator[Json]]:
        body = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": {"message": message}}
        headers = {SESSION_HEADER: session, "A2A-Version": "1.0"}
        request: Json = {"json": body, "headers": headers, "max_event_size": None}
        with (
            httpx2.Client(auth=self.auth, **connection(self.url)) as client,
            explained(self.url),
            client.sse(self.url, method="POST", **request) as source,
        ):
            accepted(source.response)
            yield _results(source)


def _results(source: Any) -> Iterator[Json]:
    """What JSON-RPC says. Raises `AgentError` for an error."""
    if source.response.headers.get("content-type", "").startswith("application/json"):
        yield _result(json.loads(source.response.read()))
        return
    for message in source:
        if message.data:
            yield _result(json.loads(message.data))


def _result(answer: Json) -> Json:
    if "error" not in answer:
        return dict(answer["result"])
    error = answer["error"]
    told: Json = next((each["metadata"] for each in error.get("data") or [] if "metadata" in each), {})
    raise AgentError(str(told.get("code", error["code"])), error["message"], told)


def _events(response: Json) -> Iterator[Event]:
    match response:
        case {"task": task}:
            yield RunStartedEvent(thread_id=task["contextId"], run_id=task["id"])
        case {"artifactUpdate": update}:
            yield from _text(update)
        case {"statusUpdate": {"metadata": {"https://docs.ag-ui.com/concepts/events": event}}}:
            yield EVENT.validate_python(event)
        case {"statusUpdate": update}:
            yield from _end(update)


def _text(update: Json) -> Iterator[Event]:
    id = update["artifact"]["artifactId"]
    if not update.get("append"):
        yield TextMessageStartEvent(message_id=id, role="assistant")
    for part in update["artifact"]["parts"]:
        if part.get("text"):
            yield TextMessageContentEvent(message_id=id, delta=part["text"])
    if update.get("lastChunk"):
        yield TextMessageEndEvent(message_id=id)


def _end(update: Json) -> Iterator[Event]:
    """The end of a task's work, if this is it. Raises `AgentError` where it failed."""
    state = update["status"]["state"]
    parts = update["status"].get("message", {}).get("parts", [])
    data: Json = next((part["data"] for part in parts if "data" in part), {})
    if state == "TASK_STATE_FAILED":
        raise AgentError(data.get("code", "run_error"), parts[0]["text"] if parts else "The agent failed.")
    outcome = OUTCOMES.get(state)
    if state == "TASK_STATE_INPUT_REQUIRED":
        outcome = RunFinishedInterruptOutcome.model_validate({"interrupts": data["interrupts"]})
    if outcome:
        yield RunFinishedEvent(thread_id=update["contextId"], run_id=update["taskId"], outcome=outcome)
