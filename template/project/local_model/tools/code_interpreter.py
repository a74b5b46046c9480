"""The code interpreter offline: AgentCore's form on the wire. It runs nothing, and says so."""

import base64
import itertools
import json
import re
import struct
from typing import Any
from zlib import crc32

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..offline_tool import OfflineTool

CODE = re.compile(r"\brun (?:this|the code)?:?\s*`+(?:python\n)?(?P<code>[^`]+)`+", re.IGNORECASE)
FILE = re.compile(r"\bgive me (?:the file )?(?P<file>[\w.-]+\.\w+)", re.IGNORECASE)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CREATED = "2026-05-12T12:15:00Z"
sessions: dict[str, str] = {}
"""The code that each has run."""
_number = itertools.count(1)


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for every program between backticks, and the files that are asked for."""
    files = [match["file"] for match in FILE.finditer(question)]
    asked = {"files": files} if files else {}
    return [{"code": match["code"].strip(), **asked} for match in CODE.finditer(question)]


async def _start(request: Request) -> JSONResponse:
    session = f"offline-{next(_number)}"
    sessions[session] = ""
    return JSONResponse(_about(request, session))


async def _invoke(request: Request) -> Response:
    session = request.headers["x-amzn-code-interpreter-session-id"]
    if session not in sessions:
        headers = {"x-amzn-errortype": "ResourceNotFoundException"}
        return JSONResponse({"message": "No such session"}, 404, headers)
    body = await request.json()
    if body["name"] == "readFiles":
        result = _read(sessions[session], body["arguments"]["paths"])
    else:
        result = _run(**body["arguments"])
        sessions[session] += body["arguments"]["code"]
    return Response(frame("result", result), media_type="application/vnd.amazon.eventstream")


def _run(code: str, language: str) -> dict[str, Any]:
    printed = f"(Offline: {len(code.splitlines())} line(s) of {language} would run now.)"
    return {
        "content": [{"type": "text", "text": printed}],
        "structuredContent": {"stdout": printed, "stderr": "", "exitCode": 0, "executionTime": 0.01},
        "isError": False,
    }


def _read(code: str, paths: list[str]) -> dict[str, Any]:
    """Files that the code names, made up: an image of one dot, or text."""
    if missing := [path for path in paths if path not in code]:
        return {"content": [{"type": "text", "text": f"File not found: {missing[0]}"}], "isError": True}
    return {"content": [{"type": "resource", "resource": _resource(path)} for path in paths], "isError": False}


def _resource(path: str) -> dict[str, Any]:
    if path.endswith(".png"):
        blob = base64.b64encode(PNG).decode()
        return {"type": "blob", "uri": f"file:///{path}", "mimeType": "image/png", "blob": blob}
    text = f"(Offline: no program wrote {path}.)"
    return {"type": "text", "uri": f"file:///{path}", "mimeType": "text/plain", "text": text}


async def _stop(request: Request) -> JSONResponse:
    session = request.query_params.get("sessionId", "")
    if session not in sessions:
        headers = {"x-amzn-errortype": "ResourceNotFoundException"}
        return JSONResponse({"message": "Session does not exist"}, 404, headers)
    del sessions[session]
    return JSONResponse(_about(request, session) | {"lastUpdatedAt": CREATED})


def _about(request: Request, session: str) -> dict[str, str]:
    return {"codeInterpreterIdentifier": request.path_params["id"], "sessionId": session, "createdAt": CREATED}


def frame(kind: str, payload: dict[str, Any]) -> bytes:
    """One event of the stream: https://smithy.io/2.0/aws/amazon-eventstream.html."""
    headers = {":message-type": "event", ":event-type": kind, ":content-type": "application/json"}
    head = b"".join(_header(name, value) for name, value in headers.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", len(head) + len(body) + 16, len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + body
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    string = 7
    return struct.pack(f"!B{len(name)}sBH", len(name), name.encode(), string, len(value)) + value.encode()


PATH = "/code-interpreters/{id}"
OFFLINE = OfflineTool(
    name="run_code",
    arguments=arguments,
    example="Run `print(6 * 7)`",
    routes=[
        Route(f"{PATH}/sessions/start", _start, methods=["PUT"]),
        Route(f"{PATH}/tools/invoke", _invoke, methods=["POST"]),
        Route(f"{PATH}/sessions/stop", _stop, methods=["PUT"]),
    ],
    environment=lambda base_url: {
        "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": base_url,
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
    },
)
