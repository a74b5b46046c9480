"""What is served with the chat page. The page itself is tested in a browser by those who make the template."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from travel_desk.server.app import create_app
from travel_desk.settings import Settings

from ..agent_client import AgentClient
from clients import web
from local_model.server import LocalModel
from local_model.serving import served

PAGE = Path(web.__file__).parent / "page"


@pytest.fixture(scope="module")
def url(_model: LocalModel) -> Iterator[str]:
    """The agent with its page, as `uv run serve` serves it."""
    app = create_app(Settings())
    web.add_page(app)
    with served(app) as url:
        yield url


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False)


def test_the_page_is_served_beside_the_agent(url: str) -> None:
    assert get(url).text == (PAGE / "index.html").read_text()
    assert get(f"{url}/ping").json()["status"] == "Healthy"
    with AgentClient(url) as agent:
        assert agent.ask("Count to 3").text == "1 2 3"


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("app.js", "text/javascript"),
        ("vendor/highlight.min.js", "text/javascript"),
        ("vendor/markdown-it.esm.min.mjs", "text/javascript"),
        ("style.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_a_file_is_served_as_what_it_is(url: str, name: str, type: str) -> None:
    response = get(f"{url}/{name}")
    assert response.content == (PAGE / name).read_bytes()
    assert response.headers["content-type"].partition(";")[0] == type


def test_a_file_beside_the_page_is_not_served(url: str) -> None:
    assert get(f"{url}/__init__.py").status_code == 404
    assert get(f"{url}/%2e%2e/__init__.py").status_code == 404


def test_the_page_runs_nothing_but_its_own_files(url: str) -> None:
    response = get(url)
    policy = re.search(r'content="(default-src [^"]*)"', response.text)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert not re.search(r"<script>| style=| on\w+=|<style", response.text)
    assert response.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert response.headers["x-content-type-options"] == "nosniff"
