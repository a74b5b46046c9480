"""The local model server: `wire.py` reads and writes the provider's form, `script.py` decides, and this sends.

`faults` break the coming calls, one each; `requests` remembers what was sent and how each stream ended.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from . import wire
from .conversation import Conversation
from .script import reply, usage
from .serving import served
from .tools import OFFLINE_TOOLS


@dataclass(frozen=True)
class Fault:
    """What happens to one model call.

    `throttle`, `unavailable` and `denied` refuse it; `error`, `drop` and `cut` break its stream after `after` frames
    (a reported error, a lost connection, an early end); `limit` ends it there as the model's output limit does;
    `stall` is silent there for `seconds`.
    """

    kind: Literal["throttle", "unavailable", "denied", "error", "drop", "cut", "limit", "stall"]
    after: int = 3
    seconds: float = 0


@dataclass
class ModelRequest:
    """One model call: `ended` says how its stream ended, None while it runs."""

    conversation: Conversation
    usage: dict[str, int]
    sent: int = 0
    ended: Literal["complete", "broken", "closed by client"] | None = None


class Dropped(Exception):
    """Ends the response without its last chunk, as a lost connection would."""


@dataclass
class LocalModel:
    """A running server. `pace` is the time between frames, in seconds."""

    pace: float
    url: str = ""
    faults: deque[Fault] = field(default_factory=deque)
    requests: list[ModelRequest] = field(default_factory=list)
    most_at_once: int = 0

    def reset(self) -> None:
        """Forget the faults to come and the requests that were."""
        self.faults.clear()
        self.requests.clear()
        self.most_at_once = 0

    def environment(self) -> dict[str, str | None]:
        """What points the provider's client, and the tools' services, to this server. None: unset."""
        environment: dict[str, str | None] = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
        environment.update(wire.environment(self.url))
        for tool in OFFLINE_TOOLS:
            environment.update(tool.environment(self.url))
        return environment

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [Route(path, self._answer, methods=["POST"]) for path in wire.PATHS]
        return Starlette(routes=[*routes, *(route for tool in OFFLINE_TOOLS for route in tool.routes)])

    async def _answer(self, request: Request) -> Response:
        body = await request.json()
        if problem := wire.problem(body):
            return wire.refusal("invalid", problem)
        conversation = wire.conversation(body)
        answer = reply(conversation)
        record = ModelRequest(conversation, usage(answer, conversation))
        self.requests.append(record)
        fault = self.faults.popleft() if self.faults else None
        if fault and fault.kind in wire.REFUSALS:
            record.ended = "broken"
            return wire.refusal(fault.kind, "Asked for by a fault of the local model server.")
        frames = wire.frames(answer, record.usage)
        return StreamingResponse(self._send(frames, record, fault), media_type=wire.MEDIA_TYPE)

    async def _send(self, frames: Iterator[bytes], record: ModelRequest, fault: Fault | None) -> AsyncIterator[bytes]:
        record_end: Literal["complete", "broken", "closed by client"] = "closed by client"
        running = sum(request.ended is None for request in self.requests)
        self.most_at_once = max(self.most_at_once, running)
        try:
            for frame, following in itertools.pairwise(itertools.chain(frames, [b""])):
                if fault and record.sent == fault.after:
                    record_end = "broken" if fault.kind != "stall" else record_end
                    async for last in _break(fault):
                        yield last
                    if fault.kind != "stall":
                        return
                if not following:
                    record_end = "complete"  # a client may leave as soon as it has the last frame
                yield frame
                record.sent += 1
                await asyncio.sleep(self.pace)
        finally:
            record.ended = record_end


async def _break(fault: Fault) -> AsyncIterator[bytes]:
    if fault.kind == "error":
        yield wire.error_frame("Asked for by a fault of the local model server.")
    elif fault.kind == "limit":
        for frame in wire.limit_frames():
            yield frame
    elif fault.kind == "drop":
        raise Dropped
    elif fault.kind == "stall":
        await asyncio.sleep(fault.seconds)


@contextmanager
def running(port: int = 0, pace: float = 0.02) -> Iterator[LocalModel]:
    """A local model server on loopback, in a thread of its own; port 0 takes a free one."""
    model = LocalModel(pace)
    with served(model.app(), port) as model.url:
        yield model
