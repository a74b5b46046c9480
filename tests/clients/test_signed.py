"""The chat page talks to a deployed agent over its WebSocket, at addresses that `uv run web` signs."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect

from tests.browser.agents import wait
from tests.browser.conftest import launched
from tests.browser.test_web import ask, finished
from tests.emulators.agentcore.state import Runtime
from tests.emulators.tls import tls

HOST = "bedrock-agentcore.us-west-2.amazonaws.com"
CERTIFICATE = "--ignore-certificate-errors"


@pytest.fixture(scope="module")
def chromium(
    playwright: Playwright, agentcore_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser for which AgentCore's host is the emulator."""
    with (
        tls(agentcore_port, tmp_path_factory.mktemp("tls")) as port,
        launched(playwright, f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{port}", CERTIFICATE) as browser,
    ):
        yield browser


@pytest.fixture(scope="module")
def url(project: Path, runtime: Runtime) -> Iterator[str]:
    """Where `uv run web` serves the page."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [project / ".venv/bin/web", "--runtime", runtime.arn, "--port", str(port)]
    with subprocess.Popen(command, cwd=project) as process:
        wait(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[Page]:
    """The page, open."""
    page = chromium.new_page()
    page.goto(url)
    yield page
    page.close()


def test_the_text_grows_and_the_session_is_kept(page: Page) -> None:
    expect(page.locator("#place")).to_have_text("deployed")
    turn = ask(page, "Count to 200")
    seen: set[int] = set()
    while turn.locator(".numbers").count() == 0:
        seen.add(len(turn.locator(".answer").inner_text()))
    assert turn.locator(".text").inner_text() == " ".join(map(str, range(1, 201)))
    assert len(seen) > 5
    assert "449" in finished(ask(page, "What is 37*12+5?")).locator(".text").last.inner_text()
    assert "Count to 200" in finished(ask(page, "What was my first question?")).inner_text()


def test_an_answer_is_stopped_and_the_session_goes_on(page: Page) -> None:
    turn = ask(page, "Count to 9000")
    expect(turn).to_contain_text("1 2 3", timeout=30_000)
    page.keyboard.press("Escape")
    expect(turn.locator(".numbers")).to_contain_text("Stopped")
    assert "first question" in finished(ask(page, "What did I ask before?")).inner_text()


def test_an_address_is_good_for_no_other_session(page: Page) -> None:
    def tamper(route: Route) -> None:
        answer = route.fetch()
        url = answer.json()["url"].replace("Session-Id=web-", "Session-Id=bew-")
        route.fulfill(response=answer, body=json.dumps({"url": url}))

    page.route("**/sign", tamper)
    expect(finished(ask(page, "Hello")).locator(".error")).to_contain_text("does not take the connection")


def test_what_the_endpoint_refuses_is_told(page: Page) -> None:
    page.route("**/sign", lambda route: route.continue_(post_data="{}"))
    expect(finished(ask(page, "Hello")).locator(".error")).to_contain_text("invalid_session")
