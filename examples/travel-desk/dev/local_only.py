"""Keeps the pages of other sites away from an agent on this machine."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose


class LocalOnly:
    """ASGI middleware: takes requests to this machine's own names, from programs and from pages of this machine.

    A page of another site can send requests here, and under a name that it makes lead here it could read the answers.
    `hosts` are further names to take, without ports.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] == "lifespan" or self._is_local(Headers(scope=scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008, "This agent takes requests of this machine only.")(scope, receive, send)
        else:
            message = "This agent takes requests of this machine only. `serve --allow-host NAME` takes others."
            await JSONResponse({"code": "foreign_site", "message": message}, 403)(scope, receive, send)

    def _is_local(self, headers: Headers) -> bool:
        if not self._is_known(f"//{headers.get('host', '')}"):
            return False
        origins = headers.getlist("origin")
        return all(map(self._is_known, origins)) if origins else not _is_part_of_another_page(headers)

    def _is_known(self, url: str) -> bool:
        try:
            name = (urlsplit(url).hostname or "").removesuffix(".")
        except ValueError:
            return False
        return name in self._hosts or name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_part_of_another_page(headers: Headers) -> bool:
    """Whether a page of another site includes this, as a script or a picture. A link from there is none of that."""
    return headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate"


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
