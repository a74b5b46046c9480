"""The inspector as developers use it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.agents import Served

QUESTION = "What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?"


def ask(agent: Served, question: str) -> None:
    """Ask as another client does."""
    httpx.post(f"{agent.url}/invocations", json={"prompt": question}, timeout=30, trust_env=False).raise_for_status()


@pytest.fixture
def inspector(agent: Served, page: Page) -> Iterator[Page]:
    """The inspector, with a run of another client open."""
    ask(agent, QUESTION)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{agent.url}/inspector")
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    yield page


def test_a_timeline_opens_into_requests_and_responses(inspector: Page) -> None:
    steps = inspector.locator(".timeline > li")
    expect(steps).to_have_count(5)
    expect(steps.locator(".name")).to_have_text(
        ["Model call 1", "get_weather", "get_time", "calculator", "Model call 2"]
    )
    expect(steps.first.locator(".facts")).to_contain_text("first token")
    expect(steps.first.locator(".facts")).to_contain_text("cache")

    steps.first.locator(".name").click()
    steps.first.get_by_text("Request", exact=True).click()
    expect(steps.first.get_by_role("region", name="Request")).to_contain_text("What's the weather in Paris")
    expect(steps.first.get_by_role("region", name="Response")).to_contain_text("get_weather")
    inspector.wait_for_timeout(1500)  # it follows what happens, and leaves open what is
    expect(steps.first.get_by_role("region", name="Request")).to_be_visible()


def test_a_new_run_appears_while_it_goes_on(inspector: Page, agent: Served) -> None:
    body = {"prompt": "Count to 100", "background": True}
    with httpx.stream("POST", f"{agent.url}/invocations", json=body, trust_env=False) as answer:
        answer.raise_for_status()
        line = inspector.get_by_role("navigation").get_by_role("button").first
        expect(line).to_contain_text("Count to 100")
        expect(line).to_contain_text("running")
    expect(line).to_contain_text("success")
    expect(inspector.get_by_role("heading", name=QUESTION)).to_be_visible()


def test_a_run_is_copied_and_asked_again(inspector: Page) -> None:
    inspector.get_by_role("button", name="Copy as JSON").click()
    expect(inspector.get_by_role("button", name="Copied")).to_be_visible()
    copied = json.loads(inspector.evaluate("navigator.clipboard.readText()"))
    assert copied["question"] == QUESTION and len(copied["steps"]) == 5

    before = inspector.get_by_role("navigation").get_by_role("button").count()
    inspector.get_by_role("button", name="Ask again").click()
    expect(inspector.get_by_role("navigation").get_by_role("button")).to_have_count(before + 1)
    expect(inspector.locator("[aria-current]")).to_contain_text("success")
    expect(inspector.locator(".timeline > li")).to_have_count(5)


def test_what_is_asked_on_the_chat_page_is_a_link_away(agent: Served, page: Page) -> None:
    page.goto(agent.url)
    page.get_by_label("Your question", exact=True).fill("Count to 4")
    page.keyboard.press("Enter")
    expect(page.locator("article").last).to_contain_text("1 2 3 4")
    page.get_by_role("link", name="Inspector").click()
    expect(page.get_by_role("heading", name="Count to 4")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_use_it(agent: Served, chromium: Browser, scheme: str, width: int) -> None:
    ask(agent, QUESTION)
    viewport = {"width": width, "height": 844}
    context = chromium.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{agent.url}/inspector")
    page.locator(".timeline .name").first.click()
    page.get_by_text("Events of the run").click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
