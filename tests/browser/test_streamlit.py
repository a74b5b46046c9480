"""The Streamlit page in a browser."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.agents import Served, wait


@pytest.fixture
def page(context: BrowserContext, project: Path, agent: Served) -> Iterator[Page]:
    """The page, open."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [project / ".venv/bin/streamlit-chat", "--server.port", str(port), "--server.headless", "true"]
    environment = os.environ | {"PORT": str(urlsplit(agent.url).port)}
    with subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.DEVNULL) as process:
        wait(f"http://127.0.0.1:{port}/_stcore/health")
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}")
        yield page
        page.close()
        process.terminate()


def test_text_grows_and_stop_stops_it(page: Page) -> None:
    box = page.get_by_placeholder("Ask something")
    box.fill("Count to 9000")
    box.press("Enter")
    answer = page.get_by_test_id("stChatMessage").last
    expect(answer).to_contain_text("1 2 3", timeout=60_000)
    expect(answer).to_contain_text("29 30", timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).not_to_be_visible(timeout=60_000)
    box.fill("What did I ask before?")
    box.press("Enter")
    expect(page.get_by_text("This is your first question.")).to_be_visible(timeout=60_000)


def test_arguments_are_edited_before_they_are_approved(page: Page) -> None:
    box = page.get_by_placeholder("Ask something")
    box.fill('call launch {"rocket": "Ariane", "count": 2}')
    box.press("Enter")
    expect(page.get_by_text("Launch Ariane?")).to_be_visible(timeout=60_000)
    page.get_by_label("rocket").fill("Vega")
    page.get_by_role("button", name="Approve").click()  # without Enter: what was typed counts
    expect(page.get_by_text("launch: launched 2 Vega")).to_be_visible(timeout=60_000)
