"""The CopilotKit page: put through the project's own tests, and used in a browser."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import node
from tests.browser.agents import Served, own_tests, wait


@pytest.fixture(scope="module")
def built(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's folder, after its own tests, which build it."""
    folder = project / "clients/copilotkit"
    node.install(folder, tmp_path_factory)
    own_tests(project, "copilotkit")
    return folder


@pytest.fixture
def page(context: BrowserContext, built: Path, agent: Served) -> Iterator[Page]:
    """The page, open, without anything from elsewhere."""
    command = ["node", "node_modules/vite/bin/vite.js", "preview", "--port", "0", "--host", "127.0.0.1"]
    environment = os.environ | {"PORT": str(urlsplit(agent.url).port), "NO_COLOR": "1"}
    with subprocess.Popen(command, cwd=built, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = next(found[0] for line in process.stdout if (found := re.search(r"http://127.0.0.1:\d+", line)))
        wait(url)
        asked: list[str] = []
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url)
        yield page
        page.close()
        process.terminate()
    assert {urlsplit(url).hostname for url in asked if url.startswith("http")} == {"127.0.0.1"}


def ask(page: Page, question: str) -> None:
    page.get_by_placeholder("Type a message").fill(question)
    page.keyboard.press("Enter")


def test_text_streams_and_tools_are_shown(page: Page) -> None:
    ask(page, "What is 37*12+5?")
    expect(page.get_by_text("Here is what the tools say:")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("listitem").filter(has_text="449")).to_be_visible()
    expect(page.get_by_text("calculator").first).to_be_visible()
    ask(page, "Count to 9000")
    expect(page.get_by_text("1 2 3 4 5")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("19 20 21")).to_be_visible(timeout=60_000)
    page.get_by_test_id("copilot-send-button").click()
    ask(page, "What was my first question?")
    expect(page.get_by_text("You asked me: “What is 37*12+5?”.")).to_be_visible(timeout=60_000)
