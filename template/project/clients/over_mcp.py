"""An agent that is an MCP server, asked by its tool `ask`: what it tells comes as typed AG-UI events."""

import json
from collections.abc import Generator, Iterator
from typing import Any
from uuid import uuid4

import httpx2
from ag_ui.core import (
    ActivitySnapshotEvent,
    Event,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    RunFinishedSuccessOutcome,
    RunStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
)

from .files import ACTIVITY
from .python.client import Approve, BaseAgent, resume_entry
from .stream import SESSION_HEADER, AgentError, Json, accepted, connection, explained, new_session

__all__ = ["AgentClient", "AgentError", "new_session"]

ACCEPTED = "application/json, text/event-stream"


class AgentClient(BaseAgent):
    """Asks the agent. Leaving a stream ends the run."""

    def stream(self, prompt: str, session: str, *, approve: Approve | None = None) -> Generator[Event]:
        """The events of one turn; `approve` answers what it waits for, without it the events end there."""
        arguments: Json = {"prompt": prompt}
        while True:
            last = yield from self._told(arguments, session)
            outcome = last.outcome
            if not isinstance(outcome, RunFinishedInterruptOutcome) or approve is None:
                return
            answers = [resume_entry(interrupt.id, approve(interrupt)) for interrupt in outcome.interrupts]
            arguments = {"resume": answers}

    def _told(self, arguments: Json, session: str) -> Generator[Event, None, RunFinishedEvent]:
        """Progress is the text, as it comes; the result says how it ended, and has the text where nothing came."""
        run, message, told = str(uuid4()), str(uuid4()), False
        yield RunStartedEvent(thread_id=session, run_id=run)
        yield TextMessageStartEvent(message_id=message, role="assistant")
        for answer in self._answers(arguments | {"session": session}, session):
            if answer.get("method") == "notifications/progress":
                told = True
                yield TextMessageContentEvent(message_id=message, delta=answer["params"]["message"])
            elif "result" in answer or "error" in answer:
                text, outcome, result = _end(answer)
                yield from _files(answer)
                if text and not told and result is None:
                    yield TextMessageContentEvent(message_id=message, delta=text)
                yield TextMessageEndEvent(message_id=message)
                last = RunFinishedEvent(thread_id=session, run_id=run, outcome=outcome, result=result)
                yield last
                return last
        raise AgentError("connection_lost", "The connection broke before the answer was complete.")

    def _answers(self, arguments: Json, session: str) -> Iterator[Json]:
        params = {"name": "ask", "arguments": arguments, "_meta": {"progressToken": 1}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        request: Json = {"json": body, "headers": {SESSION_HEADER: session, "accept": ACCEPTED}, "max_event_size": None}
        with (
            httpx2.Client(auth=self.auth, **connection(self.url)) as client,
            explained(self.url),
            client.sse(self.url, method="POST", **request) as source,
        ):
            accepted(source.response)
            for message in source:
                if message.data:
                    yield json.loads(message.data)


def _files(answer: Json) -> Iterator[Event]:
    """The images, sounds and resources of the result."""
    for block in answer["result"]["content"]:
        resource = block.get("resource", {})
        if data := block.get("data") or resource.get("blob"):
            content = {"id": str(uuid4()), "name": block.get("_meta", {}).get("name", ""), "data": [data]}
            content["mediaType"] = block.get("mimeType") or resource.get("mimeType", "")
            yield ActivitySnapshotEvent(message_id=content["id"], activity_type=ACTIVITY, content=content)


def _end(answer: Json) -> tuple[str, Any, Any]:
    """The text, the outcome, and what the answer comes to, where it has a form. Raises `AgentError` where it failed."""
    if "error" in answer:
        raise AgentError(str(answer["error"]["code"]), answer["error"]["message"])
    result = answer["result"]
    told, text = result.get("structuredContent") or {}, "".join(part.get("text", "") for part in result["content"])
    if result.get("isError"):
        raise AgentError(told.get("code", "run_error"), text, told)
    if told["outcome"] == "interrupt":
        return text, RunFinishedInterruptOutcome.model_validate({"interrupts": told["interrupts"]}), None
    return text, RunFinishedSuccessOutcome(), told.get("result")
