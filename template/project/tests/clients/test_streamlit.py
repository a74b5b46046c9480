"""The Streamlit page, run as Streamlit runs it, without a browser."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from clients.streamlit import APP
from clients.streamlit.fields import Field
from local_model.server import Fault, LocalModel


@pytest.fixture
def page(agent_url: str, local_model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page, open."""
    monkeypatch.setenv("PORT", str(urlsplit(agent_url).port))
    monkeypatch.delenv("AGENT_ARN", raising=False)
    return AppTest.from_file(str(APP), default_timeout=60).run()


def ask(page: AppTest, question: str) -> AppTest:
    return page.chat_input[0].set_value(question).run()


def test_a_question_is_answered(page: AppTest) -> None:
    ask(page, "Count to 20")
    asked, answered = page.chat_message
    assert asked.text[0].value == "Count to 20"
    assert answered.markdown[0].value == " ".join(map(str, range(1, 21)))
    assert re.fullmatch(r"first token \d+\.\d\d s · \d+\.\d s · [\d,]+ tokens", answered.caption[0].value)


def test_a_tool_call_is_a_line_that_opens(page: AppTest) -> None:
    ask(page, 'call echo {"text": "hello"}')
    (call,) = page.status
    assert re.fullmatch(r'`echo\(text="hello"\)` \d+\.\d s', call.label)
    assert call.state == "complete"
    assert [code.value for code in call.code] == ['{"text": "hello"}', "echo: hello"]


def test_a_file_can_be_saved(page: AppTest) -> None:
    for _ in range(2):  # and is there when the page is drawn again
        ask(page, 'call hand_over {"name": "../report.csv", "size": 300}')
    saved = page.get("download_button")
    assert [button.label for button in saved] == ["report.csv (text/csv, 300 bytes)"] * 2


def test_the_conversation_goes_on_and_is_drawn_again(page: AppTest) -> None:
    ask(page, "My colour is green")
    ask(page, "What did I ask before?")
    assert "My colour is green" in page.chat_message[3].markdown[0].value
    questions = [message.text[0].value for message in page.chat_message[::2]]
    assert questions == ["My colour is green", "What did I ask before?"]


def test_a_suggestion_is_asked_and_then_gone(page: AppTest) -> None:
    chosen = page.button[1].label
    page.button[1].click().run()
    assert page.chat_message[0].text[0].value == chosen
    assert page.chat_message[1].markdown[0].value
    assert [button.label for button in page.run().button] == ["New conversation"]


def test_a_new_conversation_remembers_nothing(page: AppTest) -> None:
    ask(page, "My colour is green")
    page.button[0].click().run()
    assert len(page.chat_message) == 0
    assert ask(page, "What did I ask before?").chat_message[1].markdown[0].value == "This is your first question."


def test_a_failed_turn_is_told_and_the_conversation_goes_on(page: AppTest, local_model: LocalModel) -> None:
    local_model.faults.append(Fault("error", after=10))
    assert "(model_error)" in ask(page, "Count to 500").error[0].value
    assert ask(page, "Count to 3").chat_message[3].markdown[0].value == "1 2 3"
    assert "(model_error)" in page.error[0].value


def test_an_agent_that_is_not_there_is_told(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9")
    assert "(unreachable)" in ask(page, "Hello").error[0].value


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


@pytest.mark.parametrize(("label", "told"), [("Approve", "sent to Ann"), ("Decline", "the user declined this")])
def test_a_tool_call_waits_for_approval(page: AppTest, label: str, told: str) -> None:
    ask(page, 'call send {"to": "Ann", "text": "Hello"}')
    assert page.chat_input[0].disabled
    assert "Send Hello to Ann?" in page.text[-1].value
    press(page, label)
    assert told in page.chat_message[1].markdown[-1].value
    assert [status.state for status in page.status] == ["complete" if label == "Approve" else "error"]
    assert not page.chat_input[0].disabled


def test_the_arguments_of_a_call_that_waits_can_be_edited(page: AppTest, sent: list[tuple[str, str]]) -> None:
    ask(page, 'call send {"to": "Ann", "text": "Hello"}')
    to, text = page.text_input[:2]
    assert (to.label, to.value, text.value) == ("to", "Ann", "Hello")
    text.set_value("Goodbye")
    press(page, "Approve")
    assert sent == [("Ann", "Goodbye")]
    assert "sent to Ann" in page.chat_message[1].markdown[-1].value


def test_who_declines_can_say_why(page: AppTest) -> None:
    ask(page, 'call send {"to": "Ann", "text": "Hello"}')
    page.text_input[2].set_value("not now")
    press(page, "Decline")
    assert "the user declined this: not now" in page.chat_message[1].markdown[-1].value


def test_a_question_is_not_answered_by_an_empty_field(page: AppTest) -> None:
    ask(page, 'call choose {"question": "Which colour?"}')
    press(page, "Answer")
    assert page.error[0].value == "Fill in choice."
    page.selectbox[0].set_value("red")
    press(page, "Answer")
    assert '"choice":"red"' in page.chat_message[1].markdown[-1].value


def test_a_page_to_open_is_a_link_with_its_whole_address(page: AppTest, allowed: set[str]) -> None:
    ask(page, 'call account {"name": "Ada"}')
    (link,) = page.get("link_button")
    assert link.proto.url == page.code[-1].value == "https://allow.example/it"
    allowed.add("Ada")
    press(page, "Approve")
    assert "the account of Ada" in page.chat_message[1].markdown[-1].value


def test_an_address_that_hides_where_it_leads_is_no_link(page: AppTest) -> None:
    ask(page, 'call account {"name": "Ada", "address": "https://allow.example@evil.example/"}')
    assert not page.get("link_button") and "do not open it" in page.text[-1].value


def test_the_result_is_shown() -> None:
    def show() -> None:
        from ag_ui.core import RunFinishedEvent

        from clients.streamlit.turn import Turn

        Turn("How?").show([(0.0, RunFinishedEvent(thread_id="t", run_id="r", result={"summary": "so"}))])

    assert json.loads(AppTest.from_function(show).run().json[0].value) == {"summary": "so"}


@pytest.mark.parametrize(
    ("schema", "value", "widget", "typed", "read"),
    [
        ({"type": "string"}, "a", "text_input", "b", "b"),
        ({"type": "string"}, "a\nb", "text_area", "c", "c"),
        ({"type": "integer"}, 3, "number_input", 4, 4),
        ({"type": "number"}, 2.5, "number_input", 0.125, 0.125),
        ({"type": "integer"}, 2**60, "text_area", "5", 5),
        ({"type": "integer"}, "three", "text_area", "3", 3),
        ({"type": "boolean"}, True, "checkbox", False, False),
        ({"enum": [1, 2]}, 1, "selectbox", 2, 2),
        ({"type": "array", "items": {"type": "string"}}, ["a"], "text_area", '["b"]', ["b"]),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None, "text_area", '"x"', "x"),
    ],
)
def test_a_field_for_each_type(schema: dict[str, Any], value: object, widget: str, typed: object, read: object) -> None:
    def show(schema: "dict[str, Any]", value: object) -> None:
        import streamlit as st

        from clients.streamlit.fields import Field

        field = Field("key", "name", schema, value)
        field.draw()
        st.json({"read": field.read()})

    page = AppTest.from_function(show, args=(schema, value)).run()
    assert json.loads(page.json[0].value) == {"read": value}
    page.get(widget)[0].set_value(typed).run()
    assert json.loads(page.json[0].value) == {"read": read}


def test_what_is_not_json_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.streamlit.fields.st.session_state", {"key": "[1,"})
    with pytest.raises(ValueError, match="name is not JSON"):
        Field("key", "name", {"type": "array"}, [1]).read()


def test_a_question_of_a_tool_is_answered(page: AppTest) -> None:
    ask(page, 'call choose {"question": "Which colour?"}')
    page.selectbox[0].set_value("blue").run()
    press(page, "Answer")
    assert '"choice":"blue"' in page.chat_message[1].markdown[-1].value


def asking() -> None:
    """A page with a turn whose tool call asks another agent, which is in the middle of its answer."""
    from ag_ui.core import SubagentStartedEvent, TextMessageContentEvent, ToolCallEndEvent, ToolCallStartEvent

    from clients.streamlit.turn import Turn

    events = [
        ToolCallStartEvent(tool_call_id="c", tool_call_name="ask_guide"),
        ToolCallEndEvent(tool_call_id="c"),
        SubagentStartedEvent(subagent_run_id="r", name="guide", parent_tool_call_id="c"),
        TextMessageContentEvent(message_id="m", delta="I can ", subagent_run_id="r"),
        TextMessageContentEvent(message_id="m", delta="guide.", subagent_run_id="r"),
    ]
    Turn("What can the guide do?").show([(0.0, event) for event in events])


def test_what_another_agent_says_is_shown_in_the_call_that_asks_it() -> None:
    page = AppTest.from_function(asking).run()
    assert [text.value for text in page.status[0].text] == ["I can guide."]
    assert "guide." not in "".join(each.value for each in page.chat_message[1].markdown)
