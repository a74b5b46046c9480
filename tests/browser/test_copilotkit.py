"""The CopilotKit page: put through the project's own tests, and used in a browser."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

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


HALF = """\
data: {"type": "RUN_STARTED", "threadId": "t", "runId": "r"}

data: {"type": "TEXT_MESSAGE_START", "messageId": "m", "role": "assistant"}

data: {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "Half an answer"}

"""
ERROR = 'data: {"type": "RUN_ERROR", "code": "model_error", "message": "The model failed."}\n\n'
REFUSAL = {"code": "session_busy", "message": "The session answers another question."}


def stream(route: Route, events: str) -> None:
    route.fulfill(content_type="text/event-stream", body=events)


FAILURES: dict[str, tuple[Callable[[Route], None], str]] = {
    "an error of the server": (lambda route: route.fulfill(status=500, body="?"), "The agent answered HTTP 500."),
    "a refusal": (lambda route: route.fulfill(status=409, json=REFUSAL), REFUSAL["message"]),
    "no connection": (lambda route: route.abort(), "The connection broke"),
    "a cut stream": (lambda route: stream(route, HALF), "The connection broke before the answer was complete"),
    "a failed run": (lambda route: stream(route, HALF + ERROR), "The model failed. (model_error)"),
}


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


def test_it_has_the_projects_name(page: Page) -> None:
    expect(page.get_by_role("heading", name="my-agent")).to_be_visible()


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_seen_until_the_next_question(page: Page, name: str) -> None:
    fail, told = FAILURES[name]
    page.route("**/invocations", fail)
    ask(page, "Hello")
    expect(page.get_by_role("alert")).to_contain_text(told, timeout=60_000)
    page.unroute_all()
    ask(page, "Count to 7")
    expect(page.get_by_text("1 2 3 4 5 6 7")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_stopped_answer_is_no_failure(page: Page) -> None:
    ask(page, "Count to 9000")
    expect(page.get_by_text("1 2 3 4 5")).to_be_visible(timeout=60_000)
    page.get_by_test_id("copilot-send-button").click()
    ask(page, "Count to 7")
    expect(page.get_by_text("1 2 3 4 5 6 7").last).to_be_visible(timeout=60_000)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_file_is_named_and_the_conversation_goes_on(page: Page) -> None:
    ask(page, 'call hand_over {"name": "a.txt", "text": "for you"}')
    expect(page.get_by_text("The user has the file a.txt").last).to_be_visible(timeout=60_000)
    ask(page, "Count to 7")
    expect(page.get_by_text("1 2 3 4 5 6 7")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_failed_tool_looks_failed(page: Page) -> None:
    ask(page, 'call calculator {"expression": "1/0"}')
    expect(page.locator(".tool")).to_contain_text("failed", timeout=60_000)


def test_a_tool_call_waits_for_approval(page: Page) -> None:
    ask(page, 'call launch {"rocket": "Apollo"}')
    page.get_by_role("button", name="Approve").click(timeout=60_000)
    expect(page.get_by_text("launched 1 Apollo").last).to_be_visible(timeout=60_000)
    expect(page.locator(".tool")).to_contain_text("done")


def test_the_arguments_of_a_call_are_edited(page: Page) -> None:
    ask(page, 'call launch {"rocket": "Apollo"}')
    expect(page.get_by_label("rocket")).to_have_value("Apollo", timeout=60_000)
    page.get_by_label("rocket").fill("Vega")
    page.get_by_label("count").fill("3")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("launched 3 Vega").last).to_be_visible(timeout=60_000)


def test_no_piece_of_the_page_that_is_needed_at_once_is_large(built: Path) -> None:
    html = (built / "dist/index.html").read_text()
    pieces = [built / "dist" / path for path in re.findall(r"assets/[^\"]+\.js", html)]
    assert len(pieces) > 5
    assert max(piece.stat().st_size for piece in pieces) < 700_000


def test_a_declined_call_is_not_made(page: Page) -> None:
    ask(page, 'call launch {"rocket": "Apollo"}')
    page.get_by_role("button", name="Decline").click(timeout=60_000)
    expect(page.get_by_text("the user declined this").last).to_be_visible(timeout=60_000)
    expect(page.locator(".tool")).to_contain_text("failed")


def test_a_question_is_answered(page: Page) -> None:
    ask(page, 'call book {"city": "Paris"}')
    page.get_by_label("Nights").fill("2", timeout=60_000)
    page.get_by_label("room").fill("double")
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_text('{"nights":2,"room":"double"}').last).to_be_visible(timeout=60_000)


def test_a_page_to_open_is_a_link_that_shows_its_whole_address(page: Page) -> None:
    ask(page, 'call profile {"address": "https://allow.example/it?a=b"}')
    link = page.get_by_role("link", name="https://allow.example/it?a=b")
    expect(link).to_have_attribute("href", "https://allow.example/it?a=b", timeout=60_000)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("the account of Ada").last).to_be_visible(timeout=60_000)


def test_an_address_that_hides_where_it_leads_is_no_link(page: Page) -> None:
    ask(page, 'call profile {"address": "https://allow.example@evil.example/"}')
    expect(page.get_by_role("heading", name="do not open it")).to_be_visible(timeout=60_000)
    expect(page.locator(".asked").get_by_role("link")).to_have_count(0)


def test_the_pages_own_tool_runs_in_the_page(page: Page) -> None:
    ask(page, "call get_user_time_zone {}")
    expect(page.get_by_text('"timeZone"').last).to_be_visible(timeout=60_000)
