"""HTTP requests offline: one allowed host, the local model server, with one page on it."""

import os
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..offline_tool import OfflineTool

ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]")
STATUS = re.compile(r"\bstatus page\b", re.IGNORECASE)


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for every address in the question, and one for the status page."""
    pages = [f"http://{os.environ['HTTP_REQUEST_HOSTS']}/status"] if STATUS.search(question) else []
    return [{"url": url} for url in dict.fromkeys([*ADDRESS.findall(question), *pages])]


def _status(_request: Request) -> JSONResponse:
    return JSONResponse({"service": "made up", "status": "operational", "incidents": []})


OFFLINE = OfflineTool(
    name="http_request",
    arguments=arguments,
    example="What does the status page say?",
    routes=[Route("/status", _status)],
    environment=lambda base_url: {
        "HTTP_REQUEST_HOSTS": base_url.removeprefix("http://"),
        "HTTP_REQUEST_PRIVATE": "true",
    },
)
