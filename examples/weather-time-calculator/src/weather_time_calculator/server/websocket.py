"""The agent over a WebSocket: the events of `POST /invocations`, one request after the other on one connection."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from uuid import uuid4

from ag_ui.core import ActivityDeltaEvent
from starlette.websockets import WebSocket

from ..errors import Refused
from ..runs.events import error_event, event_json
from ..runs.requests import Request, parse
from ..runs.waiting import first_of
from ..settings import Settings
from .request_body import read_json
from .service import Service

PATCH_BYTES = 256
"""Of an event that adds a piece to a file, without the piece."""
MAX_WAITING = 16
"""Requests that may wait on a connection while another is answered."""


class Dialogue:
    """One connection: each message is a request body, each answer its events. Closing it ends the run."""

    def __init__(self, websocket: WebSocket, session_id: str | None, service: Service, settings: Settings) -> None:
        self._websocket = websocket
        self._session_id = session_id
        self._own_session_id = str(uuid4())
        self._service = service
        self._max_bytes = settings.max_frame_bytes
        self._waiting: asyncio.Queue[Request] = asyncio.Queue(MAX_WAITING)

    async def hold(self) -> None:
        """Accept, and answer until the client closes."""
        await self._websocket.accept()
        await first_of(self._answer_all(), self._read())

    async def _read(self) -> None:
        """Go on reading while a run is sent, to notice a `cancel` or the end of the connection."""
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            try:
                await self._take(message.get("text") or message.get("bytes") or "")
            except Refused as refused:
                await self._refuse(refused)

    async def _take(self, body: str | bytes) -> None:
        request = parse(read_json(body), self._session_id, self._own_session_id)
        if request.cancel:
            await self._service.cancel(request)  # the run's own last event tells it
            return
        try:
            self._waiting.put_nowait(request)
        except asyncio.QueueFull:
            message = f"{MAX_WAITING} requests wait on this connection already."
            raise Refused(503, "connection_busy", message) from None

    async def _answer_all(self) -> None:
        while True:
            request = await self._waiting.get()
            try:
                async with self._service.events(request) as events, aclosing(events):
                    async for _, event in events:
                        await self._tell(event, request)
            except Refused as refused:
                await self._refuse(refused)

    async def _tell(self, event: str, request: Request) -> None:
        if len(event.encode()) <= self._max_bytes:
            await self._websocket.send_text(event)
        elif event.startswith('{"type":"ACTIVITY_SNAPSHOT"'):
            for piece in _pieces(event, self._max_bytes):
                await self._websocket.send_text(piece)
        elif not event.startswith('{"type":"MESSAGES_SNAPSHOT"') or request.history:
            message = f"An event is larger than a frame of {self._max_bytes} bytes: use POST /invocations."
            raise Refused(413, "event_too_large", message)

    async def _refuse(self, refused: Refused) -> None:
        await self._websocket.send_text(error_event(refused.code, refused.message, refused.details))


def _pieces(event: str, max_bytes: int) -> Iterator[str]:
    """A file that is larger than a frame: first without its bytes, which then are added piece by piece."""
    told = json.loads(event)
    (data,) = told["content"]["data"]
    told["content"]["data"] = []
    yield json.dumps(told)
    size = (max_bytes - PATCH_BYTES) // 4 * 4  # so that each piece is base64 of its own
    for start in range(0, len(data), size):
        piece = {"op": "add", "path": "/data/-", "value": data[start : start + size]}
        id, kind = told["messageId"], told["activityType"]
        delta = ActivityDeltaEvent.model_validate({"messageId": id, "activityType": kind, "patch": [piece]})
        yield event_json(delta)
