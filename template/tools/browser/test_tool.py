"""`read_web_page`: boto3 and a WebSocket against the browser's form on loopback."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from {{ package_name }}.tools.browser import read_web_page

from local_model.serving import served
from local_model.tools import browser as offline
from local_model.tools.browser import OFFLINE

module = importlib.import_module("{{ package_name }}.tools.browser")
ANSWERS: dict[str, dict[str, Any]] = {
    "unknown-host": {"result": {"errorText": "net::ERR_NAME_NOT_RESOLVED", "targetId": "t", "sessionId": "s"}},
    "protocol-error": {"error": {"code": -32000, "message": "secret detail"}},
    "restless": {"result": {"targetId": "t", "sessionId": "s", "result": {"value": "what is there"}}},
}


async def _start(request: Request) -> JSONResponse:
    endpoint = f"ws://{request.url.netloc}/{request.path_params['kind']}/stream"
    streams = {"automationStream": {"streamEndpoint": endpoint, "streamStatus": "ENABLED"}}
    return JSONResponse({"browserIdentifier": "b", "sessionId": "s", "createdAt": offline.CREATED, "streams": streams})


async def _refused(request: Request) -> JSONResponse:
    return JSONResponse({"message": "arn:aws:secret"}, 403, {"x-amzn-errortype": "AccessDeniedException"})


async def _stream(socket: WebSocket) -> None:
    await socket.accept()
    async for command in socket.iter_json():
        await socket.send_json({"id": command["id"]} | ANSWERS[socket.path_params["kind"]])


ROUTES = [
    *OFFLINE.routes,
    Route("/refused/browsers/{id}/sessions/start", _refused, methods=["PUT"]),
    Route("/{kind}/browsers/{id}/sessions/start", _start, methods=["PUT"]),
    WebSocketRoute("/{kind}/stream", _stream),
]


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with served(Starlette(routes=ROUTES)) as url:
        yield url


@pytest.fixture
def service(server_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The base URL of the server that stands in for AgentCore."""
    for name, value in (OFFLINE.environment(server_url) | {"no_proxy": "127.0.0.1"}).items():
        monkeypatch.setenv(name, value)
    module._client.cache_clear()
    yield server_url
    module._client.cache_clear()


@pytest.mark.usefixtures("service")
def test_reads_a_page_in_a_browser_of_its_own() -> None:
    assert read_web_page("https://example.com/a?b=c") == (
        "Made-up page\nhttps://example.com/a?b=c\n\n"
        "This page is made up: offline, no browser opens https://example.com/a?b=c."
    )
    assert offline.sessions == set(), "the sessions were stopped"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("unknown-host", r"^The page cannot be opened: net::ERR_NAME_NOT_RESOLVED\.$"),
        ("protocol-error", r"^The browser cannot be reached, or it gave up\.$"),
        ("no-such-stream", r"^The browser cannot be reached, or it gave up\.$"),
        ("refused", r"^The browser cannot be reached, or it gave up\.$"),
    ],
)
def test_a_failure_is_an_error_that_says_so(
    kind: str, message: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", f"{service}/{kind}")
    with pytest.raises(ValueError, match=message):
        read_web_page("https://example.com")


def test_a_page_that_never_rests_is_read_as_it_is(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE_SECONDS", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", f"{service}/restless")
    assert read_web_page("https://example.com") == "what is there"


@pytest.mark.parametrize(
    "url", ["", "example.com", "file:///etc/passwd", "javascript:alert(1)", "http://", "http://" + "x" * 2000]
)
def test_asks_nothing_for_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="Give an address such as"):
        read_web_page(url)


def test_the_local_model_opens_addresses() -> None:
    assert OFFLINE.arguments(OFFLINE.example) == [{"url": "https://example.com"}]
    assert OFFLINE.arguments("What is https://example.com?") == []
