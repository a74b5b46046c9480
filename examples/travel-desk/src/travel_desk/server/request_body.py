"""Request bodies, bounded and checked before anything else reads them."""

import asyncio
import json
from typing import Any

from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import Refused

BODY_SECONDS = 300
CLOSE = {"connection": "close"}
DRAINED = 4
"""How many times the limit is read, and dropped, for the client to see the answer before the connection is closed."""


class CheckedBody:
    """ASGI middleware: a body over `max_bytes` is answered with 413, an encoded one with 415, one not JSON with 400."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body read, or refuse it."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return await self._app(scope, receive, send)
        try:
            body = await self._read(scope, receive)
        except Refused as refused:
            answer = JSONResponse(refused.body, refused.status, CLOSE if refused.status in (408, 413) else None)
            return await answer(scope, receive, send)
        await self._app(scope, replayed(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        """The body. Raises `Refused` for one that this agent does not take."""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._received(receive)
        except TimeoutError as error:
            raise Refused(408, "too_slow", f"The body did not come within {BODY_SECONDS} seconds.") from error
        if (encoding := Headers(scope=scope).get("content-encoding", "identity")) != "identity":
            raise Refused(415, "unsupported_encoding", f"The body is encoded ({encoding!r}): send it as plain JSON.")
        read_json(body)
        return body

    async def _received(self, receive: Receive) -> bytes:
        kept, size, more = bytearray(), 0, True
        while more and size <= DRAINED * self._max_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "invalid_json", "The connection ended before the body did.")
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size <= self._max_bytes:
                kept += chunk
            more = message.get("more_body", False)
        if size > self._max_bytes:
            raise Refused(413, "too_large", f"The body has {size} bytes or more; this agent takes {self._max_bytes}.")
        return bytes(kept)


def read_json(body: str | bytes) -> Any:
    """What the JSON says. Raises `Refused` where it is none, deeper than 200, or has a number that is too large."""
    try:
        value = from_json(body, allow_inf_nan=False)
        json.dumps(value, allow_nan=False)  # 1e999 is read as infinity
    except ValueError as error:
        raise Refused(400, "invalid_json", f"The body is not JSON: {error}") from error
    return value


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body again, which was read here, and then what follows."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
