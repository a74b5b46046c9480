"""Request bodies, bounded and checked before anything else reads them."""

from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import Refused


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
            answer = JSONResponse({"code": refused.code, "message": refused.message}, refused.status)
            return await answer(scope, receive, send)
        await self._app(scope, replayed(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        """The body. Whatever is over the limit is read and dropped, so that the client gets to see the answer."""
        kept, size = bytearray(), 0
        while True:
            message = await receive()
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size <= self._max_bytes:
                kept += chunk
            if not message.get("more_body", False):
                break
        if size > self._max_bytes:
            raise Refused(413, "too_large", f"The body has {size} bytes; this agent takes {self._max_bytes}.")
        if (encoding := Headers(scope=scope).get("content-encoding", "identity")) != "identity":
            raise Refused(415, "unsupported_encoding", f"The body is encoded ({encoding!r}): send it as plain JSON.")
        return _checked_json(bytes(kept))


def _checked_json(body: bytes) -> bytes:
    # from_json bounds the depth (200), which the standard parser answers with RecursionError.
    try:
        from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(400, "invalid_json", f"The body is not JSON: {error}") from error
    return body


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body again, which was read here, and then what follows."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
