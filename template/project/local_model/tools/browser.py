"""The browser offline: AgentCore's form on the wire, and a browser that knows one made-up page."""

import itertools
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..offline_tool import OfflineTool

ADDRESS = re.compile(r"\b(?:open|browse|read)\b[^?!]*?(?P<url>https?://[^\s<>\"']*[^\s<>\"'.,;:!?)])", re.IGNORECASE)
TEXT = "Made-up page\n{url}\n\nThis page is made up: offline, no browser opens {url}."
CREATED = "2026-05-12T12:15:00Z"
sessions: set[str] = set()
_number = itertools.count(1)


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for every address that is to be opened."""
    return [{"url": match["url"]} for match in ADDRESS.finditer(question)]


async def _start(request: Request) -> JSONResponse:
    session = f"offline-{next(_number)}"
    sessions.add(session)
    path = f"/browser-streams/{request.path_params['id']}/sessions/{session}/automation"
    stream = {"streamEndpoint": f"ws://{request.url.netloc}{path}", "streamStatus": "ENABLED"}
    return JSONResponse(_about(request, session) | {"streams": {"automationStream": stream}})


async def _stop(request: Request) -> JSONResponse:
    session = request.query_params.get("sessionId", "")
    if session not in sessions:
        headers = {"x-amzn-errortype": "ResourceNotFoundException"}
        return JSONResponse({"message": "Session does not exist"}, 404, headers)
    sessions.remove(session)
    return JSONResponse(_about(request, session) | {"lastUpdatedAt": CREATED})


def _about(request: Request, session: str) -> dict[str, Any]:
    return {"browserIdentifier": request.path_params["id"], "sessionId": session, "createdAt": CREATED}


async def _automation(socket: WebSocket) -> None:
    """The few commands of the DevTools Protocol that open a page and read it."""
    if socket.path_params["session"] not in sessions or "authorization" not in socket.headers:
        await socket.close()
        return
    await socket.accept()
    url = "about:blank"
    try:
        while True:
            command = await socket.receive_json()
            url = command["params"].get("url", url)
            await socket.send_json({"id": command["id"], "result": _result(command["method"], url)})
            if command["method"] == "Page.navigate":
                for name in ("load", "networkIdle"):
                    await socket.send_json(
                        {"method": "Page.lifecycleEvent", "params": {"name": name, "loaderId": "loader"}}
                    )
    except WebSocketDisconnect:
        pass


def _result(method: str, url: str) -> dict[str, Any]:
    results: dict[str, dict[str, Any]] = {
        "Target.createTarget": {"targetId": "page"},
        "Target.attachToTarget": {"sessionId": "session"},
        "Page.navigate": {"frameId": "frame", "loaderId": "loader"},
        "Runtime.evaluate": {"result": {"type": "string", "value": TEXT.format(url=url)}},
    }
    return results.get(method, {})


OFFLINE = OfflineTool(
    name="read_web_page",
    arguments=arguments,
    example="Open https://example.com in the browser",
    routes=[
        Route("/browsers/{id}/sessions/start", _start, methods=["PUT"]),
        Route("/browsers/{id}/sessions/stop", _stop, methods=["PUT"]),
        WebSocketRoute("/browser-streams/{id}/sessions/{session}/automation", _automation),
    ],
    environment=lambda base_url: {
        "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": base_url,
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
    },
)
