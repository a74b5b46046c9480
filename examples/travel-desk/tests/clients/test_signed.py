"""The endpoint that signs the page's way to a deployed agent."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from clients.web.signed import HERE, create_app
from local_model.serving import served

ARN = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/my_agent-AbCdEf1234"
SESSION = "s" * 36


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The page with its endpoint, as `uv run web` serves it."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with served(create_app(ARN, "live", HERE)) as url:
        yield url


def sign(url: str, body: object, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/sign", json=body, headers=headers, trust_env=False)


def test_an_address_is_signed_for_one_session_and_a_minute(url: str) -> None:
    response = sign(url, {"session": SESSION})
    address = urlsplit(response.json()["url"])
    assert (address.scheme, address.hostname) == ("wss", "bedrock-agentcore.eu-west-1.amazonaws.com")
    assert address.path == f"/runtimes/{ARN.replace(':', '%3A').replace('/', '%2F')}/ws"
    query = parse_qs(address.query)
    assert query["X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"] == [SESSION]
    assert query["qualifier"] == ["live"]
    assert query["X-Amz-Expires"] == ["60"]
    assert query["X-Amz-Credential"][0].startswith("AKIDEXAMPLE/")
    assert len(query["X-Amz-Signature"][0]) == 64
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("body", [{}, [], "text", {"session": "short"}, {"session": 36}, {"session": f"{SESSION}&a=b"}])
def test_what_is_no_session_is_refused(url: str, body: object) -> None:
    response = sign(url, body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_session")


def test_a_body_that_is_nested_too_deeply_is_refused(url: str) -> None:
    response = httpx.post(f"{url}/sign", content=b"[" * 100_000, trust_env=False)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_session")


def test_another_host_name_is_refused(url: str) -> None:
    assert sign(url, {"session": SESSION}, host="attacker.example").status_code == 400


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with served(create_app(ARN, "live", HERE)) as url:
        response = sign(url, {"session": SESSION})
    assert (response.status_code, response.json()["code"]) == (503, "no_credentials")


def test_the_page_knows_its_endpoint(url: str) -> None:
    assert '<meta name="signer" content="sign">' in httpx.get(url, trust_env=False).text


def test_what_is_no_arn_is_refused() -> None:
    with pytest.raises(ValueError, match="my-agent"):
        create_app("my-agent", "DEFAULT", HERE)
