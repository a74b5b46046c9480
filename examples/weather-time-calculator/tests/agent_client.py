"""A caller of the agent that checks every event against the protocol as it arrives."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from ag_ui.core import Event
from pydantic import TypeAdapter

EVENT: TypeAdapter[Any] = TypeAdapter(Event)
SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"


@dataclass
class Answer:
    """What has arrived: the events, when each came (seconds), and how many heartbeats came between them."""

    session: str
    events: list[Any] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    heartbeats: int = 0
    numbers: list[int] = field(default_factory=list)

    @property
    def outcome(self) -> Any:
        """How the run has ended."""
        return self.events[-1].outcome

    @property
    def types(self) -> list[str]:
        """The type of each event."""
        return [event.type.value for event in self.events]

    @property
    def text(self) -> str:
        """The answer's text."""
        return "".join(event.delta for event in self.of("TEXT_MESSAGE_CONTENT") if event.subagent_run_id is None)

    def of(self, kind: str) -> list[Any]:
        """The events of one type."""
        return [event for event in self.events if event.type.value == kind]


class AgentClient:
    """Speaks HTTP to the agent, one connection a request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def __enter__(self) -> "AgentClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, prompt: str, session: str | None = None) -> Answer:
        """One turn, read to its end."""
        return self.run({"prompt": prompt}, session)

    def run(self, body: dict[str, Any], session: str | None = None) -> Answer:
        """What a request is answered with, read to its end."""
        with self.post(body, session) as stream:
            return stream.read()

    @contextmanager
    def post(self, body: dict[str, Any] | bytes, session: str | None = None) -> Iterator["Stream"]:
        """The response while it streams; leaving the block closes the connection."""
        content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        headers = {SESSION_HEADER: session} if session else {}
        with self._http.stream("POST", "/invocations", headers=headers, **content) as response:
            stream = Stream(response)  # held here: httpx closes a response whose lines nobody holds
            yield stream

    def refused(self, body: dict[str, Any] | bytes, session: str | None = None) -> tuple[int, str]:
        """The status and the code with which a request is refused."""
        with self.post(body, session) as stream:
            stream.response.read()
            return stream.response.status_code, stream.response.json()["code"]

    def ping(self) -> dict[str, Any]:
        """What `GET /ping` says."""
        answer: dict[str, Any] = self._http.get("/ping").json()
        return answer


class Stream:
    """An answer that is still arriving."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def read(self, deltas: int | None = None) -> Answer:
        """The stream to its end, or until so many text deltas came."""
        assert self.response.status_code == 200, self.response.read()
        answer = Answer(self.response.headers[SESSION_HEADER])
        start = time.monotonic()
        for line in self._lines:
            if line.startswith("data: "):
                answer.events.append(EVENT.validate_json(line.removeprefix("data: ")))
                answer.times.append(time.monotonic() - start)
            elif line.startswith("id: "):
                answer.numbers.append(int(line.removeprefix("id: ")))
            answer.heartbeats += line == ": heartbeat"
            if deltas and len(answer.of("TEXT_MESSAGE_CONTENT")) >= deltas:
                break
        return answer


def assert_well_formed(answer: Answer) -> None:
    """Hold a whole answer to the order of events that https://docs.ag-ui.com/concepts/events describes.

    One run, with one end. Each message and call starts once, goes on, and ends once; a result follows the end of its
    call. In a run that succeeds all has ended, and each call has its result, or waits for it; its arguments are a JSON
    object.
    """
    assert answer.types[0] == "RUN_STARTED" and answer.types[-1] in {"RUN_FINISHED", "RUN_ERROR"}, answer.types
    assert not {"RUN_STARTED", "RUN_FINISHED", "RUN_ERROR"} & set(answer.types[1:-1]), answer.types
    begun: dict[tuple[str, str], str] = {}  # what was said of each, joined
    running: set[tuple[str, str]] = set()
    results = []
    for event in answer.events:
        what, _, stage = event.type.value.rpartition("_")
        thing = (what, getattr(event, "message_id", None) or getattr(event, "tool_call_id", ""))
        if stage == "START":
            assert thing not in begun, f"{thing} starts twice"
            begun[thing] = ""
            running.add(thing)
        elif stage in {"CONTENT", "ARGS"}:
            assert thing in running, f"{thing} goes on, but does not run"
            begun[thing] += event.delta
        elif stage == "END":
            running.remove(thing)
        elif event.type.value == "TOOL_CALL_RESULT":
            call = ("TOOL_CALL", event.tool_call_id)
            assert call not in running, f"a result of {call}, which has not ended"
            results.append(event.tool_call_id)
    assert len(results) == len(set(results))
    if answer.types[-1] == "RUN_FINISHED":
        arguments = {id: text for (what, id), text in begun.items() if what == "TOOL_CALL"}
        assert not running
        waiting = {interrupt.tool_call_id for interrupt in getattr(answer.outcome, "interrupts", [])}
        waiting |= set(getattr(answer.outcome, "pending_tool_call_ids", None) or [])
        assert set(arguments) <= set(results) | waiting and not waiting & set(results)
        assert all(isinstance(json.loads(text or "{}"), dict) for text in arguments.values())
