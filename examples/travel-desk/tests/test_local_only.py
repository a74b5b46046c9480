"""In development, only this machine's programs and pages get answers."""

from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from travel_desk.settings import Settings

from dev.local_only import LocalOnly
from local_model.server import LocalModel
from local_model.serving import served

LOCAL = ["127.0.0.1:8080", "localhost:8080", "localhost.", "[::1]:8080", "127.0.0.2", "app.localhost", "dev.example"]
FOREIGN = ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "", "169.254.1.1"]


@pytest.fixture
def client(local_model: LocalModel) -> Iterator[httpx.Client]:
    """The agent as `serve --allow-host dev.example` has it."""
    from travel_desk.server.app import create_app

    app = LocalOnly(create_app(Settings()), hosts=["dev.example"])
    with served(app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("host", LOCAL)
def test_this_machine_is_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/ping", headers={"host": host}).status_code == 200
    assert client.get("/ping", headers={"host": host, "origin": f"http://{host}"}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_a_name_that_leads_here_by_a_trick_is_refused(client: httpx.Client, host: str) -> None:
    assert client.get("/ping", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(("mode", "status"), [("no-cors", 403), ("navigate", 200)])
def test_another_sites_page_may_link_here_and_include_nothing(client: httpx.Client, mode: str, status: int) -> None:
    headers = {"host": "localhost:8080", "sec-fetch-site": "cross-site", "sec-fetch-mode": mode}

    assert client.get("/ping", headers=headers).status_code == status


@pytest.mark.parametrize("origin", [*(f"https://{host}" for host in FOREIGN), "null", "file://", "http://["])
def test_pages_of_other_sites_are_refused(client: httpx.Client, local_model: LocalModel, origin: str) -> None:
    headers = {"host": "127.0.0.1:8080", "origin": origin, "content-type": "text/plain"}
    answer = client.post("/invocations", content='{"prompt": "Hello"}', headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_site")
    url = f"ws://{client.base_url.netloc.decode()}/ws"
    with pytest.raises(InvalidStatus, match="403"), connect(url, additional_headers={"Origin": origin}, proxy=None):
        pass
    assert local_model.requests == []
