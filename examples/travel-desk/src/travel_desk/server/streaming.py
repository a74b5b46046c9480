"""Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html) that leave as they happen."""

import asyncio
import time
from contextlib import aclosing

from bedrock_agentcore import BedrockAgentCoreContext
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ..errors import Refused
from ..runs.requests import Request
from ..runs.waiting import first_of
from ..settings import Settings
from .service import Events, Service

SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
HEARTBEAT = b": heartbeat\n\n"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Reply(Response):
    """The answer to a request: each event at once, with its number, and a comment when none came for a while.

    Asks the service when the answer begins, on the server's own loop: an entry point is called from a thread.
    """

    media_type = "text/event-stream"

    def __init__(self, request: Request, service: Service, settings: Settings) -> None:
        super().__init__(headers=HEADERS | {SESSION_HEADER: request.session_id})
        del self.headers["content-length"]
        self._request = request
        self._service = service
        self._heartbeat_seconds = settings.heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the event stream, with JSON, or with the refusal."""
        request_id = BedrockAgentCoreContext.get_request_id() or self._request.run_id
        BedrockAgentCoreContext.set_request_context(request_id, self._request.session_id)  # log_json reads them
        try:
            if self._request.cancel:
                return await JSONResponse(await self._service.cancel(self._request))(scope, receive, send)
            async with self._service.events(self._request) as events:
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                await first_of(self._stream(events, send), _disconnected(receive), self._beat(send))
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except Refused as refused:
            await JSONResponse(refused.body, refused.status)(scope, receive, send)

    async def _stream(self, events: Events, send: Send) -> None:
        async with aclosing(events):
            async for number, event in events:
                await self._send(f"id: {number}\ndata: {event}\n\n".encode(errors="replace"), send)

    async def _beat(self, send: Send) -> None:
        self._sent = time.monotonic()
        while True:
            await asyncio.sleep(self._sent + self._heartbeat_seconds - time.monotonic())
            if time.monotonic() - self._sent >= self._heartbeat_seconds:
                await self._send(HEARTBEAT, send)

    async def _send(self, data: bytes, send: Send) -> None:
        self._sent = time.monotonic()
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
