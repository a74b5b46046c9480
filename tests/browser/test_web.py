"""The chat page as people use it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Route, expect

from tests.browser.agents import serve
from tests.deployment.projects import render

QUESTION = "What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?"
ARN = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/my_agent-AbCdEf1234"
COUNTED_TO_300 = " ".join(map(str, range(1, 301)))
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
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
HOSTILE = [
    "javascript:document.title='owned'",
    "JaVaScRiPt:document.title='owned'",
    "data:text/html,<script>alert(1)</script>",
    "https://allow.example@evil.example/",
    "https://\u0430llow.example/",
    "https://allow.example/\u202egnp.exe",
    "https://allow.example/<img src=x onerror=\"document.title='owned'\">",
    " https://allow.example/",
    "//evil.example/",
]


def ask(page: Page, question: str) -> Locator:
    """Ask with the keyboard; gives the turn."""
    page.get_by_label("Your question", exact=True).fill(question)
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


def test_what_another_agent_says_is_seen_in_the_call_while_it_says_it(page: Page) -> None:
    turn = ask(page, f"Ask the guide agent: what {'do you know and ' * 20}what can you do?")
    told = turn.locator(".tool .told")
    expect(told).to_contain_text("A guide was asked: what do you know")
    line, below = turn.locator(".tool code").first.bounding_box(), told.bounding_box()
    assert line and below and line["height"] < 30 and below["y"] >= line["y"] + line["height"]
    finished(turn)
    expect(told).to_be_hidden()
    assert "A guide was asked" in turn.locator(".text").last.inner_text()


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
    names = page.locator("#list button:not(.more)").all_inner_texts()
    assert names == ["Count to 3", "What is 6*7?"]
    assert "1 2 3" in page.locator("article").inner_text()
    page.get_by_role("button", name="What is 6*7?", exact=True).click()
    assert "42" in page.locator("article").inner_text()
    assert "What is 6*7?" in finished(ask(page, "What was my first question?")).locator(".text").inner_text()


def test_a_reload_in_the_middle_of_an_answer_goes_on_with_it(page: Page) -> None:
    expect(ask(page, "Count to 300")).to_contain_text("1 2 3")
    page.reload()
    assert finished(page.locator("article")).locator(".text").inner_text() == COUNTED_TO_300


def test_a_second_tab_follows_the_answer(page: Page) -> None:
    expect(ask(page, "Count to 300")).to_contain_text("1 2 3")
    second = page.context.new_page()
    second.goto(page.url)
    assert finished(second.locator("article")).locator(".text").inner_text() == COUNTED_TO_300
    finished(page.locator("article"))
    ask(page, "What was my first question?")
    expect(second.locator("article").last).to_contain_text("You asked me: “Count to 300”", timeout=30_000)
    expect(second.locator("article")).to_have_count(2)


def test_the_history_comes_from_the_agent(page: Page, chromium: Browser) -> None:
    finished(ask(page, QUESTION))
    other = chromium.new_context().new_page()
    other.goto(page.url)
    expect(other.locator("article")).to_contain_text("449")
    expect(other.locator("article")).to_contain_text(QUESTION)
    assert other.locator("details.tool").count() == 3
    other.context.close()


def test_an_answer_of_a_form_is_shown_even_after_a_reload(page: Page) -> None:
    value = {"summary": "It is seven.", "sources": []}
    arguments = json.dumps(value)
    asked: list[Any] = []

    def answer(route: Route) -> None:
        body = route.request.post_data_json
        is_history = "history" in str(route.request.post_data)
        asked.extend([] if is_history else body["messages"][-1:])
        call = {"id": "c", "type": "function", "function": {"name": "give_answer", "arguments": arguments}}
        given = {"id": "a", "role": "assistant", "toolCalls": [call]}
        told = {"id": "t", "role": "tool", "toolCallId": "c", "content": "The user has this answer."}
        run = {"threadId": "s", "runId": body.get("runId", "r")}
        live = [
            {"type": "TOOL_CALL_START", "toolCallId": "c", "toolCallName": "give_answer"},
            {"type": "TOOL_CALL_ARGS", "toolCallId": "c", "delta": arguments},
            {"type": "TOOL_CALL_END", "toolCallId": "c"},
            {"type": "TOOL_CALL_RESULT", "messageId": "t", "toolCallId": "c", "content": told["content"]},
        ]
        whole = [{"type": "MESSAGES_SNAPSHOT", "messages": [*asked, given, told]}]
        end = {"type": "RUN_FINISHED", **run, "outcome": {"type": "success"}}
        events = [{"type": "RUN_STARTED", **run}, *(whole if is_history else live)]
        events.append(end if is_history else end | {"result": value})
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        route.fulfill(content_type="text/event-stream", body=body)

    page.route("**/invocations", answer)
    expect(finished(ask(page, "How many?")).locator(".text")).to_contain_text('"summary": "It is seven."')
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(page.locator("article .text")).to_contain_text('"summary": "It is seven."')
    expect(page.locator("article .text")).to_have_count(1)


def test_an_agent_that_has_forgotten_is_told_what_was_said(context: BrowserContext, project: Path) -> None:
    page = context.new_page()
    with serve(project) as served:
        page.goto(served.url)
        finished(ask(page, "What is 6*7?"))
    with serve(project, urlsplit(served.url).port or 0):
        page.reload()
        expect(page.locator("article")).to_contain_text("42")
        expect(page.get_by_text("OFFLINE")).to_be_visible()
        told = finished(ask(page, "What was my first question?")).locator(".text")
        expect(told).to_contain_text("You asked me: “What is 6*7?”")


class Cutting:
    """The way of a page to its agent, cut after so many events of every answer; what is asked of it, is passed on."""

    def __init__(self, page: Page, events: int) -> None:
        self.asked: list[Any] = []
        self._events = events
        page.route("**/invocations", self._cut)

    def _cut(self, route: Route) -> None:
        self.asked.append(route.request.post_data_json)
        answer = route.fetch()
        events = answer.text().split("\n\n")
        route.fulfill(response=answer, body="\n\n".join([*events[: self._events], ""]))


def test_a_lost_connection_is_made_again_and_nothing_is_lost_or_doubled(page: Page) -> None:
    way = Cutting(page, 90)
    turn = finished(ask(page, "Count to 300"))
    assert turn.locator(".text").inner_text() == COUNTED_TO_300
    assert way.asked[1] == {"follow": {"runId": way.asked[0]["runId"], "after": 90}}


def test_a_question_that_never_arrived_is_asked_again(page: Page) -> None:
    asked: list[Any] = []

    def lose(route: Route) -> None:
        asked.append(route.request.post_data_json)
        route.abort() if len(asked) == 1 else route.continue_()

    page.route("**/invocations", lose)
    expect(finished(ask(page, "Count to 3"))).to_contain_text("1 2 3")
    assert [set(body) & {"messages", "follow"} for body in asked] == [{"messages"}, {"follow"}, {"messages"}]
    assert asked[0] == asked[2]


def test_conversations_run_side_by_side(page: Page) -> None:
    expect(ask(page, "Count to 300")).to_contain_text("1 2 3")
    page.get_by_role("button", name="New conversation").first.click()
    assert "42" in finished(ask(page, "What is 6*7?")).inner_text()
    page.get_by_role("button", name="Count to 300", exact=True).click()
    expect(finished(page.locator("article"))).to_contain_text("299 300")


def test_a_dropped_connection_is_told_and_can_be_tried_again(context: BrowserContext, project: Path) -> None:
    page = context.new_page()
    with serve(project) as served:
        page.goto(served.url)
        expect(ask(page, "Count to 500")).to_contain_text("1 2 3")
        served.kill()
        expect(page.locator(".lost")).to_have_text("Reconnecting…", timeout=30_000)
        assert_accessible(page)
    with serve(project, urlsplit(served.url).port or 0) as served:
        expect(page.locator(".error")).to_contain_text("The connection broke", timeout=30_000)
        expect(page.locator("#status")).to_contain_text("The connection broke")
        served.kill()
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".error")).to_contain_text("No agent answers", timeout=30_000)
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


class TestWhatTheAgentAsks:
    @pytest.fixture
    def turn(self, page: Page) -> Locator:
        """A turn that waits for approval."""
        turn = ask(page, 'call launch {"rocket": "Apollo"}')
        expect(turn.locator(".ask")).to_contain_text("Launch Apollo?", timeout=30_000)
        return turn

    @pytest.mark.usefixtures("turn")
    def test_a_tool_waits_for_approval_even_over_a_reload(self, page: Page) -> None:
        expect(page.locator("#status")).to_have_text("Launch Apollo?")
        page.reload()
        expect(page.locator("details.tool .outcome")).to_have_text("waits for you")
        page.get_by_role("button", name="Approve").click()
        expect(finished(page.locator("article"))).to_contain_text("launched 1 Apollo")
        expect(page.locator(".ask")).to_have_count(0)

    def test_its_arguments_can_be_changed(self, turn: Locator) -> None:
        turn.get_by_label("rocket").fill("Saturn")
        turn.get_by_label("count").fill("3")
        turn.get_by_role("button", name="Approve").click()
        expect(finished(turn)).to_contain_text("launched 3 Saturn")

    def test_it_is_declined(self, turn: Locator) -> None:
        turn.get_by_label("Why not").fill("too loud")
        turn.get_by_role("button", name="Decline").click()
        expect(finished(turn)).to_contain_text("declined this: too loud")
        expect(turn.locator("details.tool .outcome")).to_contain_text("failed")

    def test_escape_cancels_it_and_the_session_goes_on(self, page: Page, turn: Locator) -> None:
        page.keyboard.press("Escape")
        expect(turn.locator(".numbers")).to_contain_text("Stopped")
        expect(finished(ask(page, "Count to 3"))).to_contain_text("1 2 3")

    @pytest.mark.usefixtures("turn")
    def test_meanwhile_no_question_is_lost(self, page: Page) -> None:
        page.get_by_label("Your question", exact=True).fill("Count to 3")
        page.keyboard.press("Enter")
        expect(page.locator("#busy")).to_contain_text("waits for your answer")
        assert page.get_by_label("Your question", exact=True).input_value() == "Count to 3"
        page.get_by_role("button", name="Approve").click()
        finished(page.locator("article"))
        page.get_by_label("Your question", exact=True).press("Enter")
        expect(finished(page.locator("article").last)).to_contain_text("1 2 3")

    def test_an_answer_given_elsewhere_is_seen(self, page: Page, turn: Locator) -> None:
        second = page.context.new_page()
        second.goto(page.url)
        second.get_by_role("button", name="Approve").click()
        expect(turn).to_contain_text("launched 1 Apollo", timeout=30_000)
        expect(turn.locator(".ask")).to_have_count(0)

    def test_a_question_is_a_form(self, page: Page) -> None:
        turn = ask(page, 'call book {"city": "Paris"}')
        card = turn.locator(".ask")
        card.get_by_role("button", name="Answer").click()
        expect(card.locator("input:invalid").first).to_be_visible()
        card.get_by_label("Nights").fill("2")
        card.get_by_label("room").select_option("double")
        card.get_by_label("breakfast").check()
        card.get_by_role("button", name="Answer").click()
        expect(finished(turn)).to_contain_text('{"nights":2,"room":"double","breakfast":true}')

    def test_a_page_to_open_is_a_link_that_shows_its_whole_address(self, page: Page) -> None:
        address = f"{page.url.partition('#')[0]}ping?request_uri=urn%3Aietf%3Aparams#consent"
        turn = ask(page, f"call profile {json.dumps({'address': address})}")
        expect(turn.locator(".ask h3")).to_have_text("Allow it here:", timeout=30_000)
        link = turn.locator(".ask").get_by_role("link")
        expect(link).to_have_text(address)
        assert link.get_attribute("href") == address
        assert {"noopener", "noreferrer"} <= set(str(link.get_attribute("rel")).split())
        with page.context.expect_page() as opened:
            link.click()
        assert opened.value.url == address and opened.value.evaluate("opener") is None
        opened.value.close()
        turn.get_by_role("button", name="Approve").click()
        expect(finished(turn)).to_contain_text("the account of Ada")

    @pytest.mark.parametrize("address", HOSTILE)
    def test_an_address_that_hides_where_it_leads_is_no_link(self, page: Page, address: str) -> None:
        def change(route: Route) -> None:
            answer = route.fetch()
            told = answer.text().replace("https://allow.example/it", json.dumps(address)[1:-1])
            route.fulfill(response=answer, body=told)

        page.route("**/invocations", change)
        turn = ask(page, 'call profile {"address": "https://allow.example/it"}')
        expect(turn.locator(".ask")).to_contain_text("do not open it", timeout=30_000)
        expect(turn.locator(".ask").get_by_role("link")).to_have_count(0)
        assert page.title() != "owned"

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing(self, page: Page, scheme: Any) -> None:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        ask(page, 'call launch {"rocket": "Apollo"}')
        expect(page.locator(".ask")).to_be_visible()
        assert_accessible(page)
        page.get_by_role("button", name="Decline").click()
        finished(page.locator("article"))
        ask(page, 'call book {"city": "Paris"}')
        expect(page.locator(".ask")).to_be_visible()
        assert_accessible(page)


def test_the_page_brings_a_tool_of_its_own(page: Page) -> None:
    turn = finished(ask(page, "call get_user_time_zone {}"))
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    expect(turn.locator(".text").last).to_contain_text(json.dumps(zone))


def test_a_question_is_edited_and_what_came_later_is_gone(page: Page) -> None:
    finished(ask(page, "Count to 3"))
    finished(ask(page, "Count to 4"))
    page.get_by_role("button", name="Edit").first.click()
    assert_accessible(page)
    page.get_by_label("Your question, edited").fill("Count to 6")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("article")).to_have_count(1)
    expect(finished(page.locator("article"))).to_contain_text("4 5 6")
    told = finished(ask(page, "What did I ask before?")).locator(".text").inner_text()
    assert "“Count to 6”" in told
    assert "“Count to 4”" not in told


def test_a_question_is_answered_again(page: Page) -> None:
    finished(ask(page, "Count to 3"))
    page.get_by_role("button", name="Answer again").click()
    expect(page.locator("#status")).to_have_text("1 2 3")
    expect(page.locator("article")).to_have_count(1)
    told = finished(ask(page, "What did I ask before?")).locator(".text").inner_text()
    assert told.count("“Count to 3”") == 1


def test_conversations_are_renamed_and_deleted(page: Page) -> None:
    finished(ask(page, "Count to 3"))
    page.get_by_role("button", name="Rename or delete “Count to 3”").click()
    assert_accessible(page)
    page.get_by_role("textbox", name="Name").fill("Counting")
    page.get_by_role("button", name="Save").last.click()
    page.reload()
    expect(page.get_by_role("button", name="Counting", exact=True)).to_be_visible()
    page.get_by_role("button", name="Rename or delete “Counting”").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.reload()
    expect(page.get_by_role("button", name="New conversation").first).to_be_visible()
    expect(page.get_by_role("button", name="Counting", exact=True)).to_have_count(0)


def test_files_go_with_the_question(page: Page) -> None:
    files: list[Any] = [
        {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"},
        {"name": "wrong.txt", "mimeType": "text/plain", "buffer": b"wrong"},
    ]
    expect(page.get_by_role("button", name="Attach files")).to_be_visible()
    page.locator("#file").set_input_files(files)
    page.get_by_role("button", name="Remove wrong.txt").click()
    assert_accessible(page)
    turn = finished(ask(page, "What is it?"))
    assert "You sent text/plain (5 bytes)." in turn.inner_text()
    expect(turn.get_by_role("list", name="Files")).to_have_text("note.txt")
    page.locator("#file").set_input_files({"name": "big.png", "mimeType": "image/png", "buffer": bytes(3_000_001)})
    expect(page.locator("#status")).to_contain_text("big.png is too large")


def hand_over(page: Page, name: str, data: bytes) -> Locator:
    """Make the agent give a file."""
    text = f"base64:{base64.b64encode(data).decode()}"
    return finished(ask(page, f"call hand_over {json.dumps({'name': name, 'text': text})}"))


def saved(page: Page, link: Locator) -> tuple[str, bytes]:
    """The name and the bytes that a link saves."""
    with page.expect_download() as told:
        link.click()
    return told.value.suggested_filename, told.value.path().read_bytes()


def test_an_image_of_the_agent_is_seen_and_can_be_saved(page: Page) -> None:
    file = hand_over(page, "pixel.png", PIXEL).locator(".file")

    expect(file.get_by_role("img", name="pixel.png")).to_be_visible()
    assert file.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    assert saved(page, file.get_by_role("link", name="pixel.png")) == ("pixel.png", PIXEL)
    page.reload()
    file = finished(page.locator("article").last).locator(".file")
    expect(file).to_have_text(f"pixel.png{len(PIXEL)} bytes · no longer here")
    assert file.locator("a, img").count() == 0


@pytest.mark.parametrize("name", ["evil.html", "evil.svg", "evil.xml"])
def test_a_file_with_a_script_is_saved_and_never_shown(page: Page, name: str) -> None:
    script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>opener.document.title='owned'</script></svg>"
    page.evaluate(
        """() => {
          const made = URL.createObjectURL;
          window.types = [];
          URL.createObjectURL = (blob) => (types.push(blob.type), made.call(URL, blob));
        }"""
    )
    file = hand_over(page, name, script).locator(".file")

    assert file.locator("img").count() == 0
    assert saved(page, file.locator("a")) == (name, script)
    assert page.evaluate("types") == ["application/octet-stream"]  # so that it is saved, however it is opened


def test_a_file_comes_in_pieces_over_a_websocket(page: Page) -> None:
    told = page.evaluate(
        """async () => {
          const { begin, add, FileView } = await import("./files.js");
          const view = new FileView();
          const file = { id: "f", name: "../a\u202eb.txt", type: "text/plain", size: 6 };
          const show = () => (view.update(file), view.element.innerText);
          begin("f", []);
          add("f", [{ op: "add", path: "/data/-", value: btoa("abc") }]);
          const before = show();
          add("f", [{ op: "add", path: "/data/-", value: btoa("def") }]);
          const after = show();
          const { download } = view.element.querySelector("a");
          begin("g", ["no base64!"]);
          view.update({ id: "g", name: "b", type: "text/plain", size: 6 });
          return [before, after, download, view.element.innerText];
        }"""
    )
    assert ["no longer here" in text for text in told] == [True, False, False, True]
    assert told[2] == ".._a_b.txt"


def test_a_file_is_dropped_or_pasted(page: Page) -> None:
    expect(page.get_by_role("button", name="Attach files")).to_be_visible()
    for event, name in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        page.evaluate(
            """([event, name]) => {
                const data = new DataTransfer();
                data.items.add(new File(["hello"], `${event}.txt`, { type: "text/plain" }));
                const options = { bubbles: true, cancelable: true, [name]: data };
                const made = event === "drop" ? new DragEvent(event, options) : new ClipboardEvent(event, options);
                document.getElementById("question").dispatchEvent(made);
            }""",
            [event, name],
        )
        expect(page.get_by_role("button", name=f"Remove {event}.txt")).to_be_visible()


def test_the_page_says_offline_and_suggests_what_the_tools_can(page: Page) -> None:
    expect(page.get_by_text("OFFLINE")).to_be_visible()
    page.get_by_role("button", name="What is 37*12+5?").click()
    expect(finished(page.locator("article"))).to_contain_text("449")


def test_the_drawer_of_a_phone_closes_beside_it(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.get_by_role("button", name="Conversations", exact=True).click()
    expect(page.locator("#new")).to_be_visible()
    page.mouse.click(380, 400)
    expect(page.locator("#new")).not_to_be_visible()


def test_keys_do_what_the_page_says(page: Page) -> None:
    box = page.get_by_label("Your question", exact=True)
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
    expect(page.locator("#status")).to_have_text("Answering.")
    finished(turn)
    expect(page.locator("#status")).to_have_text(" ".join(map(str, range(1, 41))))


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
        page.get_by_role("button", name="Conversations", exact=True).click()
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
    for path in [*files, first / "src/my_agent/runs/requests.py"]:
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()
