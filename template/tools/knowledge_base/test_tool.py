"""`search_knowledge_base`: boto3 against Retrieve's form on loopback."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from {{ package_name }}.tools.knowledge_base import search_knowledge_base

from local_model.serving import served
from local_model.tools.knowledge_base import OFFLINE

module = importlib.import_module("{{ package_name }}.tools.knowledge_base")
RESULTS: list[dict[str, Any]] = [
    {"content": {"text": "No score."}, "location": {"type": "WEB", "webLocation": {"url": "https://example.com"}}},
    {
        "content": {"row": [{"columnName": "a", "columnValue": "1"}, {"columnName": "b", "columnValue": "2"}]},
        "score": 1,
    },
    {"content": {"type": "VIDEO", "video": {"s3Uri": "s3://a/b"}}, "score": 0.5},
]


async def _results(_request: Request) -> JSONResponse:
    return JSONResponse({"retrievalResults": RESULTS})


async def _failure(request: Request) -> JSONResponse:
    code = request.path_params["code"]
    return JSONResponse({"message": "arn:aws:secret"}, 400, {"x-amzn-errortype": code})


ROUTES = [
    *OFFLINE.routes,
    Route("/results/knowledgebases/{id}/retrieve", _results, methods=["POST"]),
    Route("/{code}/knowledgebases/{id}/retrieve", _failure, methods=["POST"]),
]


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with served(Starlette(routes=ROUTES)) as url:
        yield url


@pytest.fixture
def service(server_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The base URL of the server that stands in for Bedrock."""
    for name, value in (OFFLINE.environment(server_url) | {"no_proxy": "127.0.0.1"}).items():
        monkeypatch.setenv(name, value)
    module._client.cache_clear()
    yield server_url
    module._client.cache_clear()


@pytest.mark.usefixtures("service")
def test_gives_passages_with_their_sources() -> None:
    assert search_knowledge_base("How many holidays do I have?") == (
        "[s3://offline-handbook/holidays.md, score 0.33]\n"
        "Everyone has 25 days of holiday a year. Ask for them two weeks before."
    )
    assert search_knowledge_base("the weather on Mars") == "Nothing was found."


@pytest.mark.usefixtures("service")
def test_gives_no_more_passages_than_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert search_knowledge_base("years, holidays, train").count("[s3://") == 3
    monkeypatch.setenv("KNOWLEDGE_BASE_RESULTS", "1")
    assert search_knowledge_base("years, holidays, train").count("[s3://") == 1


def test_every_kind_of_result_can_be_told(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME", f"{service}/results")
    assert search_knowledge_base("x") == (
        "[https://example.com, score 0.00]\nNo score.\n\n"
        "[unknown source, score 1.00]\na: 1, b: 2\n\n"
        "[unknown source, score 0.50]\n(video)"
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", r"^The knowledge base cannot be searched\. The agent may not read it\.$"),
        ("ValidationException", r"^The knowledge base cannot be searched\.$"),
    ],
)
def test_a_failure_is_an_error_that_says_so(
    code: str, message: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME", f"{service}/{code}")
    with pytest.raises(ValueError, match=message):
        search_knowledge_base("x")


@pytest.mark.usefixtures("service")
def test_an_unknown_knowledge_base_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOWLEDGE_BASE_ID", "OTHER00001")
    with pytest.raises(ValueError, match="does not exist in this region"):
        search_knowledge_base("x")


@pytest.mark.parametrize(("id", "query"), [("", "x"), ("OFFLINE001", " "), ("OFFLINE001", "x" * 1001)])
def test_asks_nothing_for_what_cannot_be_searched(id: str, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOWLEDGE_BASE_ID", id)
    with pytest.raises(ValueError, match=r"KNOWLEDGE_BASE_ID is missing|Give a query"):
        search_knowledge_base(query)


def test_the_local_model_asks_the_handbook() -> None:
    assert OFFLINE.arguments(OFFLINE.example) == [{"query": "holidays"}]
    assert OFFLINE.arguments("Search the knowledge base for travel costs.") == [{"query": "travel costs"}]
    assert OFFLINE.arguments("What's the weather in Paris?") == []
