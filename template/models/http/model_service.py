import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from {{ package_name }}.errors import Failure
from {{ package_name }}.provider import client, connections, failure, model_calls
from {{ package_name }}.provider.calls import ModelCalls
from {{ package_name }}.runs.parts import Usage
from {{ package_name }}.settings import Settings

from local_model import wire
from local_model.serving import served

Event = dict[str, Any]
Answer = list[Event | bytes] | Response
SILENCE: list[Event | bytes] = [b"silence"]
LIMITS: dict[str, Any] = {"throttle_seconds": 5, "model_read_seconds": 5}


class Service:
    """Gives the answers of `script`, one a request; `requests` are the bodies. At `SILENCE` it waits for `released`."""

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """Forget what was."""
        self.script: list[Answer] = []
        self.requests: list[Any] = []
        self.callers: list[Any] = []
        self.silent, self.released = threading.Event(), threading.Event()

    async def answer(self, request: Request) -> Response:
        self.requests.append(await request.json())
        self.callers.append(request.client)
        answer = self.script.pop(0)
        if isinstance(answer, Response):
            return answer
        if answer == SILENCE:
            await self.silence()
            return Response("")
        return StreamingResponse(self.body(answer), media_type="text/event-stream")

    async def body(self, answer: list[Event | bytes]) -> AsyncIterator[bytes]:
        for event in answer:
            if event == SILENCE[0]:
                await self.silence()
            else:
                yield event if isinstance(event, bytes) else sse(event)

    async def silence(self) -> None:
        self.silent.set()
        await asyncio.to_thread(self.released.wait)

    def call(self, *script: Answer, call_ids: Iterable[str] = (), **limits: Any) -> "Run":
        """A model call that gets these answers."""
        self.script[:] = script
        return Run(Settings(**LIMITS | limits), call_ids)

    def ask(self, *script: Answer, call_ids: Iterable[str] = (), **limits: Any) -> "Run":
        """What becomes of the answer to one call."""
        return self.call(*script, call_ids=call_ids, **limits).read()


class Run:
    """One model call, and what it gave: `events`, as the provider's SDK reads them."""

    calls: ModelCalls

    def __init__(self, settings: Settings, call_ids: Iterable[str]) -> None:
        self.settings = settings
        self.call_ids = call_ids
        self.events: list[Event] = []
        self.error: BaseException | None = None

    def read(self) -> "Run":
        """Read the answer to its end."""
        asyncio.run(self._read())
        return self

    async def _read(self) -> None:
        async with connections():
            with model_calls(self.settings, self.call_ids) as self.calls:
                try:
                    async for event in events(client(self.settings), MESSAGES):
                        self.events.append(event)
                except Exception as error:
                    self.error = error
                    assert isinstance(failure(error), Failure)

    @property
    def failure(self) -> Failure | None:
        """How it failed, which the run knows too, whatever a framework makes of the exception."""
        found = failure(self.error) if self.error else None
        assert self.calls.failure is found
        return found

    @property
    def code(self) -> str | None:
        return self.failure.code if self.failure else None


@pytest.fixture(scope="module")
def _service() -> Iterator[Service]:
    service = Service()
    app = Starlette(routes=[Route(path, service.answer, methods=["POST"]) for path in wire.PATHS])
    with served(app) as service.url:
        yield service


@pytest.fixture
def service(_service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    for name, value in wire.environment(_service.url).items():
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name, raising=False)
    _service.reset()
    return _service
