"""What the chat page makes of an answer's text, however odd it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_web import PHONE, ask, assert_accessible, finished

DEEP = {
    "quotes": "> " * 5_000,
    "quotes without spaces": ">" * 10_000,
    "numbers": "1. " * 3_400,
    "bullets": "- " * 5_000,
    "quotes and bullets": "> - " * 2_500,
    "lists": "\n".join(f"{'  ' * level}- level {level}" for level in range(150)),
}
LONG = {
    "stars": f"{'*a ' * 3_000}{' a*' * 3_000}",
    "brackets": "[" * 30_000,
    "images": "![" * 15_000,
    "a table": "| a | b |\n|---|---|\n" + "| x | y |\n" * 2_000,
    "a wide table": f"{'|a' * 2_000}|\n{'|-' * 2_000}|\n",
    "code": "```python\n" + 'print({"a": 1})\n' * 5_000,
    "a word": "x" * 200_000,
}
RIGHT_TO_LEFT = "مرحبا بالعالم\n\n- عنصر أول\n- second\n\n> שלום\n\nHello\n\n| عمود | ب |\n|---|---|\n| باء | ب |\n"

IN_ONE_LINE = """cell => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    return text.getClientRects().length === 1;
}"""


def stream(text: str, deltas: int = 100) -> str:
    """A run that answers with this text, as the agent would send it."""
    size = max(1, len(text) // deltas)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    events: list[dict[str, Any]] = [
        {"type": "RUN_STARTED", "threadId": "t", "runId": "r"},
        {"type": "TEXT_MESSAGE_START", "messageId": "m"},
        *({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": piece} for piece in pieces),
        {"type": "TEXT_MESSAGE_END", "messageId": "m"},
        {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"},
    ]
    return "".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events)


def answered(page: Page, text: str, deltas: int = 100) -> Locator:
    """The answer's text, once the agent has sent it."""
    page.route(
        "**/invocations", lambda route: route.fulfill(content_type="text/event-stream", body=stream(text, deltas))
    )
    return finished(ask(page, "Go on")).locator(".text")


def test_columns_keep_their_alignment_and_words_stay_whole(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    table = (
        "| City | Temperature | Note |\n|:---|---:|:---:|\n| Llanfairpwllgwyngyll | 18 | sun and considerable rain |\n"
    )
    shown = answered(page, table)
    aligned = "cell => getComputedStyle(cell).textAlign"
    assert [cell.evaluate(aligned) for cell in shown.get_by_role("cell").all()] == ["left", "right", "center"]
    assert shown.get_by_role("cell", name="Llanfairpwllgwyngyll").evaluate(IN_ONE_LINE)
    assert page.locator("main").evaluate("main => main.scrollWidth - main.clientWidth") == 0


def test_a_list_keeps_its_numbers_and_its_levels(page: Page) -> None:
    shown = answered(page, "3. third\n4. fourth\n   - nested\n     1. deeper\n")
    assert shown.locator("ol").first.get_attribute("start") == "3"
    expect(shown.locator("ol > li > ul > li > ol > li")).to_have_text("deeper")


def test_tasks_have_boxes(page: Page) -> None:
    shown = answered(page, "- [x] **done**\n- [ ] open\n- [link](https://example.com)\n")
    assert [item.inner_text() for item in shown.get_by_role("listitem").all()] == ["☑ done", "☐ open", "link"]


def test_text_is_shown_in_its_own_direction(page: Page) -> None:
    shown = answered(page, RIGHT_TO_LEFT)
    direction = "block => getComputedStyle(block).direction"
    blocks = [shown.locator(f":scope > {tag}").first for tag in ("p", "ul", "blockquote", "div")]
    assert [block.evaluate(direction) for block in blocks] == ["rtl"] * 4
    assert shown.get_by_text("Hello").evaluate(direction) == "ltr"


def test_code_is_coloured_and_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    code = 'def f() -> str:\n    return "<b>"\n'
    shown = answered(page, f"```python\n{code}```\n\n```nonsense\n<i>plain</i>\n```\n")
    expect(shown.locator(".hljs-keyword").first).to_have_text("def")
    assert shown.locator("pre").all_inner_texts() == [code, "<i>plain</i>\n"]
    shown.get_by_role("button", name="Copy code").first.click()
    expect(shown.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == code


@pytest.mark.parametrize("name", DEEP)
def test_nothing_is_lost_of_what_is_nested_too_deeply(page: Page, name: str) -> None:
    shown = answered(page, f"{DEEP[name]}the end")
    expect(shown).to_contain_text("the end")
    page.reload()
    expect(page.locator(".text")).to_contain_text("the end")
    page.unroute_all()
    expect(finished(ask(page, "Count to 3"))).to_contain_text("1 2 3")


@pytest.mark.parametrize("name", LONG)
def test_a_long_answer_does_not_stop_the_page(page: Page, name: str) -> None:
    answered(page, LONG[name])
    page.unroute_all()
    expect(finished(ask(page, "Count to 3"))).to_contain_text("1 2 3")


def test_what_the_renderer_fails_at_is_shown_as_text(page: Page) -> None:
    page.evaluate("""async () => {
        const { default: MarkdownIt } = await import("./vendor/markdown-it.esm.min.mjs");
        const { prototype } = new MarkdownIt().renderer.constructor;
        prototype.render = () => { throw new RangeError("Maximum call stack size exceeded"); };
    }""")
    shown = answered(page, "**All** of it\n\n1 < 2")
    expect(shown).to_have_text("**All** of it\n\n1 < 2")


def test_what_was_kept_and_cannot_be_read_does_not_stop_the_page(page: Page) -> None:
    page.evaluate("window.onpagehide = null; sessionStorage.setItem('conversations', '[{\"id\": 1}')")
    page.reload()
    expect(finished(ask(page, "Count to 3"))).to_contain_text("1 2 3")


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b"])
def test_a_separator_of_unicode_is_no_end_of_an_event(page: Page, separator: str) -> None:
    expect(answered(page, f"one{separator}two", deltas=1)).to_contain_text("two")


def test_a_failed_tool_looks_failed(page: Page) -> None:
    turn = finished(ask(page, 'call calculator {"expression": "1/0"}'))
    call = turn.locator("details.tool")
    assert call.get_attribute("data-state") == "failed"
    expect(call.locator(".outcome")).to_contain_text("failed")
    page.reload()
    expect(page.locator("details.tool .outcome")).to_contain_text("failed")
    assert_accessible(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_what_is_rendered(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    code = '```python\n@a\nclass A(B):\n    """Doc."""\n    x: int = 1  # note\n```\n\n```diff\n- a\n+ b\n```\n'
    answered(page, f"{RIGHT_TO_LEFT}\n{code}\n- [x] done\n\n```html\n<p class='a'>b</p>\n```\n")
    assert_accessible(page)
