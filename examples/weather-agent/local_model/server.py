"""The local model server: `wire.py` reads and writes the provider's form, `script.py` decides, and this sends.

`rules.py` refuses what the provider refuses. `faults` break the coming calls, one each, and `replies` are what the
model says instead of the script's; `requests` remembers what was sent and how each stream ended.
"""

import asyncio
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from . import rules, wire
from .conversation import Conversation, Reply
from .prompt_cache import PromptCache
from .script import reply, written
from .serving import served
from .tools import OFFLINE_TOOLS

CONTEXT = 800_000  # about 200,000 tokens
ASKED_FOR = "Asked for by a fault of the local model server."
Ending = Literal["complete", "broken", "closed by client"]


@dataclass(frozen=True)
class Fault:
    """What happens to one model call.

    `throttle`, `unavailable`, `internal`, `denied` and `too_long` refuse it as the provider does, `gateway` as a proxy
    on the way does: with `status` and a page of HTML. `error`, `garbled`, `drop` and `cut` break its stream after
    `after` frames: an error of the kind `reported`, bytes that make no sense, a lost connection, an early end. `limit`
    ends it there as the model's output limit does; `stall` is silent there for `seconds`, `news` sends what clients do
    not know and must ignore. `torn` sends all of it, byte by byte. With `model`, it waits for a call of that one.
    """

    kind: Literal[
        "throttle", "unavailable", "internal", "denied", "too_long", "gateway",
        "error", "garbled", "drop", "cut", "limit", "stall", "news", "torn",
    ]  # fmt: skip
    after: int = 3
    model: str | None = None
    seconds: float = 0
    status: int = 502
    reported: Literal["failed", "throttle", "unavailable", "internal"] = "failed"

    @property
    def refuses(self) -> bool:
        """Whether the call fails before its stream."""
        return self.kind == "gateway" or self.kind in wire.ERRORS

    @property
    def passes(self) -> bool:
        """Whether the stream goes on after it."""
        return self.kind in {"stall", "news", "torn"}


@dataclass
class ModelRequest:
    """One model call, as it was sent and as it is told apart. `ended` says how its stream ended, None while it runs.

    `usage` counts tokens: `input`, those of it that were `read` from the prompt cache and `written` to it, `output`.
    """

    model: str
    body: dict[str, Any]
    conversation: Conversation
    reply: Reply
    usage: dict[str, int]
    sent: int = 0
    ended: Ending | None = None


class Dropped(Exception):
    """Ends the response without its last chunk, as a lost connection would."""


@dataclass
class LocalModel:
    """A running server. `pace` is the time between frames, in seconds; `context`, how many characters it can read.

    `replies` take the place of the script's, one a call; a call that fails before its first frame leaves its reply to
    the next. `refused` tells what was wrong with each request that no provider would take.
    """

    pace: float
    url: str = ""
    faults: deque[Fault] = field(default_factory=deque)
    replies: deque[Reply] = field(default_factory=deque)
    requests: list[ModelRequest] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    context: int = CONTEXT
    most_at_once: int = 0
    cache: PromptCache = field(default_factory=lambda: PromptCache(wire.LOOKBACK))

    def reset(self) -> None:
        """Forget the faults and replies to come, and the requests that were."""
        for kept in (self.faults, self.replies, self.requests, self.refused):
            kept.clear()
        self.cache.clear()
        self.context = CONTEXT
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
        body, problem = _body(await request.body())
        model = str(request.path_params.get("model_id") or body.get("model"))
        if problem := problem or rules.problem(body, model):
            self.refused.append(problem)
            return wire.refusal("invalid", problem)
        conversation = wire.conversation(body)
        if conversation.characters > self.context:
            return wire.refusal("too_long", rules.too_long(conversation.characters // 4, self.context // 4))
        fault = next((each for each in self.faults if each.model in {None, model}), None)
        if fault:
            self.faults.remove(fault)
        answer = self._reply(conversation, fault)
        usage = {**self.cache.count(model, wire.prompt(body)), "output": written(answer)}
        record = ModelRequest(model, body, conversation, answer, usage)
        self.requests.append(record)
        if fault and fault.refuses:
            record.ended = "broken"
            return _refusal(fault)
        frames = wire.frames(answer, record.usage)
        return StreamingResponse(self._send(frames, record, fault), media_type=wire.MEDIA_TYPE)

    def _reply(self, conversation: Conversation, fault: Fault | None) -> Reply:
        fails_first = fault and (fault.refuses or (fault.after == 0 and not fault.passes))
        return reply(conversation) if fails_first or not self.replies else self.replies.popleft()

    async def _send(self, frames: Iterator[bytes], record: ModelRequest, fault: Fault | None) -> AsyncIterator[bytes]:
        record_end: Ending = "closed by client"
        running = sum(request.ended is None for request in self.requests)
        self.most_at_once = max(self.most_at_once, running)
        try:
            for frame, following in itertools.pairwise(itertools.chain(frames, [b""])):
                if fault and record.sent == fault.after:
                    record_end = record_end if fault.passes else "broken"
                    async for last in _break(fault):
                        yield last
                    if not fault.passes:
                        return
                if not following:
                    record_end = "complete"  # a client may leave as soon as it has the last frame
                for piece in _torn(frame) if fault and fault.kind == "torn" else [frame]:
                    yield piece
                record.sent += 1
                await asyncio.sleep(self.pace)
        finally:
            record.ended = record_end


def _body(content: bytes) -> tuple[dict[str, Any], str | None]:
    """The JSON object, or what is wrong with it: no service takes half of a character."""
    try:
        body = json.loads(content)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return {}, f"The request body is not valid JSON: {error}"
    return body, None if isinstance(body, dict) else "The request body is not a JSON object."


def _refusal(fault: Fault) -> Response:
    if fault.kind == "gateway":
        return HTMLResponse(f"<html><body><h1>{fault.status}</h1>{ASKED_FOR}</body></html>", fault.status)
    return wire.refusal(fault.kind, rules.too_long(2, 1) if fault.kind == "too_long" else ASKED_FOR)


async def _break(fault: Fault) -> AsyncIterator[bytes]:
    match fault.kind:
        case "error":
            yield wire.error_frame(fault.reported, ASKED_FOR)
        case "garbled":
            yield wire.garbled_frame()
        case "limit":
            for frame in wire.limit_frames():
                yield frame
        case "news":
            yield wire.news_frame()
        case "drop":
            raise Dropped
        case "stall":
            await asyncio.sleep(fault.seconds)


def _torn(frame: bytes) -> Iterator[bytes]:
    return (frame[at : at + 1] for at in range(len(frame)))


@contextmanager
def running(port: int = 0, pace: float = 0.02) -> Iterator[LocalModel]:
    """A local model server on loopback, in a thread of its own; port 0 takes a free one."""
    model = LocalModel(pace)
    with served(model.app(), port) as model.url:
        yield model
