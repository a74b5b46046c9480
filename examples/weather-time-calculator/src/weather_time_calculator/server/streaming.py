"""Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html) that leave as they happen."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..runs.waiting import first_of

HEARTBEAT = b": heartbeat\n\n"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class EventStream(Response):
    """Sends each event at once, with its number, and a comment when none came for a while."""

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncGenerator[tuple[int, str]], *, heartbeat_seconds: float, headers: dict[str, str]
    ) -> None:
        super().__init__(headers=HEADERS | headers)
        del self.headers["content-length"]
        self._events = events
        self._heartbeat_seconds = heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the events end or the client leaves, whichever is first."""
        await first_of(self._stream(send), _disconnected(receive))

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._events) as events, Heartbeat(self._heartbeat_seconds, _body(send)) as heart:
            async for number, event in events:
                await heart.send(f"id: {number}\ndata: {event}\n\n".encode(errors="replace"))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Heartbeat:
    """Sends `HEARTBEAT` whenever nothing else was sent for `seconds`."""

    def __init__(self, seconds: float, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._seconds = seconds
        self._send = send
        self._clock = asyncio.get_running_loop().time
        self._last = self._clock()

    async def __aenter__(self) -> "Heartbeat":
        self._task = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def send(self, data: bytes) -> None:
        """Send, and put the next beat off."""
        self._last = self._clock()
        await self._send(data)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._last + self._seconds - self._clock())
            if self._clock() - self._last >= self._seconds:
                await self.send(HEARTBEAT)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(send: Send) -> Callable[[bytes], Awaitable[None]]:
    async def send_body(data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})

    return send_body
