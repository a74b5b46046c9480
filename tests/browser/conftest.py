"""The page of a served project, in Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.agents import Served, make, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def launched(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    """The browser of this machine, with these arguments more."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    sandbox = [] if os.getuid() else ["--no-sandbox"]  # Chromium refuses to run as root in its sandbox
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *sandbox, *arguments])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The browser of this machine."""
    with launched(playwright) as browser:
        yield browser


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Path:
    """A project with every page."""
    return make(
        tmp_path_factory.mktemp("browser") / "my-agent",
        clients=["web", "streamlit", "copilotkit"],
        tools=["weather", "time", "calculator", "agent"],
        deployment=[],
    )


@pytest.fixture(scope="session")
def agent(project: Path) -> Iterator[Served]:
    """Its agent, with the page at `/`."""
    with serve(project) as served:
        yield served


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser with nothing kept from before, which fails the test on whatever the page complains about."""
    complaints: list[str] = []
    context = chromium.new_context()
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext, agent: Served) -> Page:
    """The chat page, open."""
    page = context.new_page()
    page.goto(agent.url)
    return page
