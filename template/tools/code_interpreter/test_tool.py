"""`run_code`: boto3 against the code interpreter's form on loopback."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from {{ package_name }}.tools.code_interpreter import run_code

from local_model.serving import served
from local_model.tools import code_interpreter as offline
from local_model.tools.code_interpreter import OFFLINE

module = importlib.import_module("{{ package_name }}.tools.code_interpreter")
RESULTS: dict[str, list[dict[str, Any]]] = {
    "failed": [
        {
            "content": [{"type": "text", "text": "NameError"}],
            "structuredContent": {"stdout": "before\n", "stderr": "NameError\n", "exitCode": 1},
            "isError": True,
        }
    ],
    "plain": [{"content": [{"type": "text", "text": "4"}, {"type": "image", "data": "aGk=", "mimeType": "image/png"}]}],
    "nothing": [],
}


async def _start(_request: Request) -> JSONResponse:
    return JSONResponse({"codeInterpreterIdentifier": "x", "sessionId": "s", "createdAt": "2026-05-12T12:15:00Z"})


async def _invoke(request: Request) -> Response:
    kind = request.path_params["kind"]
    if kind not in RESULTS:
        return JSONResponse({"message": "arn:aws:secret"}, 400, {"x-amzn-errortype": kind})
    frames = b"".join(offline.frame("result", result) for result in RESULTS[kind])
    return Response(frames, media_type="application/vnd.amazon.eventstream")


ROUTES = [
    *OFFLINE.routes,
    Route("/{kind}/code-interpreters/{id}/sessions/start", _start, methods=["PUT"]),
    Route("/{kind}/code-interpreters/{id}/tools/invoke", _invoke, methods=["POST"]),
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
def test_runs_in_a_session_of_its_own() -> None:
    assert run_code("a = 1\nprint(a)") == "(Offline: 2 line(s) of python would run now.)"
    assert run_code("console.log(1)", "javascript") == "(Offline: 1 line(s) of javascript would run now.)"
    assert offline.sessions == set(), "the sessions were stopped"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("failed", "The program failed.\nbefore\nstderr: NameError"),
        ("plain", "4\n(image)"),
        ("nothing", "(nothing was printed)"),
    ],
)
def test_every_kind_of_result_can_be_told(kind: str, told: str, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", f"{service}/{kind}")
    assert run_code("x") == told


@pytest.mark.parametrize("kind", ["AccessDeniedException", "ThrottlingException"])
def test_a_failure_is_an_error_that_says_so(kind: str, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", f"{service}/{kind}")
    with pytest.raises(ValueError, match=r"^The code interpreter cannot be reached, or it gave up\.$"):
        run_code("x")


@pytest.mark.parametrize("code", ["", " \n", "x" * 100_001])
def test_asks_nothing_for_what_is_no_program(code: str) -> None:
    with pytest.raises(ValueError, match="Give a program"):
        run_code(code)


def test_the_local_model_runs_what_is_between_backticks() -> None:
    assert OFFLINE.arguments(OFFLINE.example) == [{"code": "print(6 * 7)"}]
    assert OFFLINE.arguments("Run this: ```python\na = 1\n```") == [{"code": "a = 1"}]
    assert OFFLINE.arguments("What is `x`?") == []
