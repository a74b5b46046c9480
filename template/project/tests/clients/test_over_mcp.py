"""The client that `uv run invoke` asks an agent of MCP with."""

from typing import Any

import pytest

from clients.files import file_of
from clients.over_mcp import AgentClient, AgentError, _end, new_session
from local_model.server import Fault, LocalModel

SEND = 'call send {"to": "Ada", "text": "hi"}'


def ask(url: str, prompt: str, session: str | None = None, **more: Any) -> list[Any]:
    """The events of one turn."""
    return list(AgentClient(f"{url}/mcp").stream(prompt, session or new_session(), **more))


def types(events: list[Any]) -> list[str]:
    """The type of each event."""
    return [event.type.value for event in events]


def text(events: list[Any]) -> str:
    """The answer's text."""
    return "".join(event.delta for event in events if event.type.value == "TEXT_MESSAGE_CONTENT")


def test_a_turn_is_told_as_events(agent_url: str, local_model: LocalModel) -> None:
    events = ask(agent_url, "Count to 20")

    assert text(events) == " ".join(map(str, range(1, 21)))
    assert types(events)[:2] == ["RUN_STARTED", "TEXT_MESSAGE_START"]
    assert types(events)[-2:] == ["TEXT_MESSAGE_END", "RUN_FINISHED"] and events[-1].outcome.type == "success"


def test_tool_calls_are_named(agent_url: str, local_model: LocalModel) -> None:
    told = text(ask(agent_url, 'call echo {"text": "a\u2028b"}'))

    assert "\n· echo\n" in told and "echo: a\u2028b" in told


def test_a_file_is_an_activity(agent_url: str, local_model: LocalModel) -> None:
    for name, kind in [("a.png", "image/png"), ("a.pdf", "application/pdf")]:
        events = ask(agent_url, f'call hand_over {{"name": "{name}"}}')
        (file,) = [file_of(event.content) for event in events if event.type.value == "ACTIVITY_SNAPSHOT"]
        assert (file.name, file.media_type, file.data) == (name, kind, bytes(range(5)))


def test_a_session_goes_on(agent_url: str, local_model: LocalModel) -> None:
    session = new_session()
    ask(agent_url, "My colour is green", session)

    assert "My colour is green" in text(ask(agent_url, "What did I ask before?", session))


def test_what_a_turn_waits_for_is_told_or_answered(
    agent_url: str, local_model: LocalModel, sent: list[tuple[str, str]]
) -> None:
    assert ask(agent_url, SEND)[-1].outcome.interrupts[0].message == "Send hi to Ada?"
    assert sent == []

    events = ask(agent_url, SEND, approve=lambda interrupt: True)
    assert events[-1].outcome.type == "success" and sent == [("Ada", "hi")]


def test_failures_and_refusals_are_errors(agent_url: str, local_model: LocalModel) -> None:
    local_model.faults.append(Fault("denied"))
    for prompt, session, code in [("Count to 3", new_session(), "model_access_denied"), (" ", "s", "invalid_prompt")]:
        with pytest.raises(AgentError) as error:
            ask(agent_url, prompt, session)
        assert error.value.code == code
    with pytest.raises(AgentError) as error:
        ask("http://127.0.0.1:9", "Count to 3")
    assert error.value.code == "unreachable"


def test_what_the_answer_comes_to_is_its_result() -> None:
    told = {"outcome": "success", "session": "s", "result": {"summary": "so"}}
    answer = {"result": {"content": [{"type": "text", "text": "{}"}], "structuredContent": told}}
    assert _end(answer)[2] == {"summary": "so"}
