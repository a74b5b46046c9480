"""A run as the inspector keeps it: its events as its readers get them, and its model calls."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from opentelemetry.sdk.trace import ReadableSpan

from travel_desk.conversation.history import calls_of, text_of
from travel_desk.provider.calls import Notes
from travel_desk.runs.events import unbroken
from travel_desk.runs.run import Run

from . import pieces, spans
from .calls import SeenCall
from .secrets import without_secrets

MAX_BYTES = 10_000_000
"""The most that is kept of one run."""
TOOL_CALLS = {"TOOL_CALL_START", "TOOL_CALL_RESULT"}
"""A run that goes on after an approval tells only the result of the call."""


class SeenRun:
    """One run, followed from its begin. Times are milliseconds since then."""

    def __init__(self, run: Run, number: int, changed: Callable[[], None]) -> None:
        self.run_id = run.id
        self.session = run.request.session_id
        self.number = number
        self.size = 0
        self.outcome = ""
        self._run: Run | None = run
        self._changed = changed
        self._began = time.monotonic()
        self._at = time.time()
        self._ended: float | None = None
        self._waited_for: float | None = None
        self._calls: list[SeenCall] = []
        self._events: list[tuple[float, int, dict[str, Any]]] = []
        self._left_out = 0
        self.spans: list[ReadableSpan] = []
        self._names = {call.id: call.function.name for call in calls_of(run.turn.messages)}
        self._question = text_of(run.turn.messages[0]) if run.turn.messages else ""
        self._input = _input(run)
        self._keeps(len(self._input))
        run.watch = self._call

    @property
    def is_paused(self) -> bool:
        """Whether it ended with a question to somebody, who has not answered."""
        return self.outcome == "paused" and self._waited_for is None

    def answered(self) -> None:
        """Another run goes on with what this one waited for."""
        self._waited_for = self._clock()

    async def follow(self) -> None:
        """Read the run's events as any connection does, until it has ended."""
        run, self._run = self._run, None
        assert run
        async for number, text in run.log.follow():
            if self._keeps(len(text)):
                self._events.append((self._clock(), number, json.loads(text)))
            else:
                self._left_out += 1
        self.outcome = run.outcome
        self._ended = self._clock()
        self._changed()

    def summary(self) -> dict[str, Any]:
        """A line of the list."""
        first = next((at for at, _, event in self._events if event["type"] == "TEXT_MESSAGE_CONTENT"), None)
        last = self._events[-1][2] if self._events else {}
        return {
            "number": self.number,
            "runId": self.run_id,
            "session": self.session,
            "question": without_secrets(self._question)[:200],
            "at": self._at,
            "outcome": self.outcome,
            "code": last.get("code"),
            "message": last.get("message"),
            "durationMs": self._ended,
            "firstTextMs": first,
            "modelCalls": len(self._calls),
            "toolCalls": len({event["toolCallId"] for _, _, event in self._events if event["type"] in TOOL_CALLS}),
            "usage": (last.get("usage") or [None])[0],
            "events": len(self._events),
        }

    def told(self) -> dict[str, Any]:
        """All that is known of it, as JSON."""
        told = list(self._events)
        events = pieces.without_secrets([event for _, _, event in told])
        calls = list(self._calls)
        models = [call.told() for call in calls]
        steps = [*models, *(wait for call in calls for wait in call.waits()), *self._tools(models), *self._pause()]
        steps += spans.steps(self.spans, self._at)
        for step in steps:
            step["ended"] = self._ended if step["ended"] is None and step["kind"] != "wait" else step["ended"]
        return {
            **self.summary(),
            "input": json.loads(self._input) if self._input else None,
            "steps": sorted(steps, key=lambda step: float(step["began"])),
            "events": [
                {"ms": at, "number": number, "event": event}
                for (at, number, _), event in zip(told, events, strict=True)
            ],
            "leftOut": self._left_out,
        }

    def _clock(self) -> float:
        return round(1000 * (time.monotonic() - self._began), 1)

    def _keeps(self, size: int) -> bool:
        if self.size + size > MAX_BYTES:
            return False
        self.size += size
        return True

    def _call(self) -> Notes:
        call = SeenCall(len(self._calls) + 1, self._clock, self._keeps)
        self._calls.append(call)
        return call.note

    def _tools(self, models: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The tool calls: at work from when the model's answer had ended, or the run went on, until their result."""
        tools: dict[str, dict[str, Any]] = {}
        for at, _, event in self._events:
            call_id = event.get("toolCallId")
            if call_id is None:
                continue
            tool = tools.setdefault(call_id, _tool(call_id, self._names.get(call_id, "")))
            match event["type"]:
                case "TOOL_CALL_START":
                    tool |= {"name": event["toolCallName"], "began": at}
                case "TOOL_CALL_ARGS":
                    tool["arguments"] += event["delta"]
                case "TOOL_CALL_END":
                    tool["began"] = at
                case "TOOL_CALL_RESULT":
                    tool |= {"result": event["content"], "ended": at}
        for tool in tools.values():
            answers = [call["ended"] or 0 for call in models if call["began"] <= tool["began"]]
            tool["began"] = max([tool["began"], *(end for end in answers if end <= (tool["ended"] or end))])
        return list(tools.values())

    def _pause(self) -> list[dict[str, Any]]:
        if self.outcome != "paused":
            return []
        return [{"kind": "wait", "name": "an answer", "began": self._ended, "ended": self._waited_for}]


def _tool(call_id: str, name: str) -> dict[str, Any]:
    return {"kind": "tool", "id": call_id, "name": name, "arguments": "", "result": None, "began": 0, "ended": None}


def _input(run: Run) -> str:
    """What asks the same again, of another session: an AG-UI input with the whole history; JSON, or nothing."""
    if not run.turn.messages:
        return ""
    given = [message for message in run.request.messages if message.role in ("system", "developer")]
    messages = [*given, *run.turn.before, run.turn.messages[0]]
    tools = [
        {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
        for tool in run.request.tools
    ]
    again = {
        "threadId": str(uuid4()),
        "messages": [message.model_dump(mode="json", by_alias=True, exclude_none=True) for message in messages],
        "tools": tools,
        "context": [each.model_dump(mode="json", by_alias=True) for each in run.request.context],
        "state": dict(run.request.state or {}),
        "forwardedProps": {"background": True},
    }
    return unbroken(json.dumps(again, ensure_ascii=False))
