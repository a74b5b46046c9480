"""`http_request` against a real server on loopback, and against the ways around its limits."""

import asyncio
import importlib
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from {{ package_name }}.tools.http_request import http_request

from local_model.serving import served
from local_model.tools.http_request import OFFLINE

module = importlib.import_module("{{ package_name }}.tools.http_request")  # its package names the function so


async def _echo(request: Request) -> Response:
    body = (await request.body()).decode()
    return PlainTextResponse(f"{request.method} {request.url.path}?{request.url.query} {body}".strip())


async def _redirect(request: Request) -> Response:
    return RedirectResponse(request.query_params["to"], int(request.query_params.get("status", "302")))


async def _typed(request: Request) -> Response:
    return Response(b"\xe9", media_type=request.query_params["type"])


async def _endless(_request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * int(_request.query_params["size"])
            await asyncio.sleep(0.01)

    return StreamingResponse(chunks(), media_type="text/plain")


async def _silent(request: Request) -> Response:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()


ROUTES = [
    *OFFLINE.routes,
    Route("/echo", _echo, methods=["GET", "POST", "PUT"]),
    Route("/redirect", _redirect, methods=["GET", "POST"]),
    Route("/loop", lambda _: RedirectResponse("/loop")),
    Route("/typed", _typed),
    Route("/endless", _endless),
    Route("/silent", _silent),
]


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with served(Starlette(routes=ROUTES)) as url:
        yield url


@pytest.fixture
def service(server_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The base URL of the one server that may be asked."""
    for name, value in OFFLINE.environment(server_url).items():
        monkeypatch.setenv(name, value)
    return server_url


def test_says_status_type_and_text(service: str) -> None:
    assert http_request(f"{service}/status") == (
        'HTTP 200 OK, application/json\n\n{"service":"made up","status":"operational","incidents":[]}'
    )
    assert http_request(f"{service}/nothing") == "HTTP 404 Not Found, text/plain; charset=utf-8\n\nNot Found"


def test_sends_query_and_body(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_REQUEST_METHODS", "GET,POST")

    assert http_request(f"{service}/echo?a=b%20c").endswith("GET /echo?a=b%20c")
    assert http_request(f"{service}/echo", "post", '{"é": 1}').endswith('POST /echo? {"é": 1}')


def test_follows_redirects(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_REQUEST_METHODS", "GET,POST")

    assert http_request(f"{service}/redirect?to=/echo").endswith("GET /echo?")
    assert http_request(f"{service}/redirect?to=/echo&status=307", "POST", "x").endswith("POST /echo? x")
    assert http_request(f"{service}/redirect?to=/echo&status=303", "POST", "x").endswith("GET /echo?")


def test_redirects_come_to_an_end(service: str) -> None:
    with pytest.raises(ValueError, match="led to more than 5 others"):
        http_request(f"{service}/redirect?to=/loop")


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest", "https://example.com", "//example.com", "file:///etc/passwd"]
)
def test_a_redirect_leads_nowhere_that_could_not_be_asked(service: str, target: str) -> None:
    with pytest.raises(ValueError, match=r"not allowed|Give an address"):
        http_request(f"{service}/redirect?to={target}")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1:1/",
        "https://api.example.org.evil.example/",
        "https://evil-example.org/",
        "https://api.example.org:8443/",
    ],
)
def test_only_named_hosts_are_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_REQUEST_HOSTS", "127.0.0.1, *.example.org")
    with pytest.raises(ValueError, match=r"are not allowed\. Allowed are: 127\.0\.0\.1, \*\.example\.org"):
        http_request(url)


def test_nothing_is_allowed_at_first(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HTTP_REQUEST_HOSTS")
    with pytest.raises(ValueError, match="Allowed are: none"):
        http_request(service)


def test_only_allowed_methods_are_sent(service: str) -> None:
    with pytest.raises(ValueError, match=r"The method POST is not allowed\. Allowed are: GET, HEAD"):
        http_request(service, "POST", "x")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "2130706433",
    ],
)
def test_no_private_address_is_reached_by_an_allowed_name(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_matches", lambda *_: True)
    monkeypatch.setenv("HTTP_REQUEST_HOSTS", "any")
    monkeypatch.delenv("HTTP_REQUEST_PRIVATE", raising=False)
    with pytest.raises(ValueError, match="in a private network"):
        http_request(f"http://{host}/")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    assert module._is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "http://",
        "http://user:secret@example.com",
        "http://a b/",
        "http://[::1",
        "http://a\n.com",
        "http://example.com:99999",
        "http://é.example",
    ],
)
def test_an_address_has_a_form(url: str) -> None:
    with pytest.raises(ValueError, match="Give an address such as"):
        http_request(url)


def test_what_is_not_text_is_only_named(service: str) -> None:
    assert http_request(f"{service}/typed?type=image/png") == "HTTP 200 OK, image/png: this is not text."
    assert http_request(f"{service}/typed?type=text/plain;charset=iso-8859-1").endswith("\n\né")


def test_an_answer_without_end_is_cut(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = http_request(f"{service}/endless?size=100000")
    assert module.MAX_ANSWER_BYTES <= len(answer) < module.MAX_ANSWER_BYTES + 100


@pytest.mark.parametrize("path", ["silent", "endless?size=1"])
def test_a_server_that_takes_too_long_is_given_up(path: str, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.3)
    with pytest.raises(ValueError, match="does not answer"):
        http_request(f"{service}/{path}")


def test_no_connection_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        host = f"127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setenv("HTTP_REQUEST_HOSTS", host)
    monkeypatch.setenv("HTTP_REQUEST_PRIVATE", "true")
    with pytest.raises(ValueError, match="does not answer"):
        http_request(f"http://{host}/")


def test_the_local_model_asks_for_the_addresses_of_the_question(service: str) -> None:
    assert OFFLINE.arguments(OFFLINE.example) == [{"url": f"{service}/status"}]
    assert OFFLINE.arguments("Read https://example.com/a?b=c, please.") == [{"url": "https://example.com/a?b=c"}]
    assert OFFLINE.arguments("What time is it?") == []
