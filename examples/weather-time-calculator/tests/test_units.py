"""The parts that a served agent does not show by itself."""

import pytest
from ag_ui.core import TextMessageContentEvent

from weather_time_calculator.errors import Refused
from weather_time_calculator.events import text_content
from weather_time_calculator.sessions import Sessions
from weather_time_calculator.tools.readable import MAX_RESULT_CHARACTERS, readable


@pytest.mark.parametrize("delta", ["plain", 'quo"te\\', "line\nbreak\t", "日本 é 🙂", "\x00\x1f\u2028"])
def test_a_text_delta_is_encoded_as_the_protocol_library_does(delta: str) -> None:
    expected = TextMessageContentEvent(message_id="m", delta=delta)
    assert TextMessageContentEvent.model_validate_json(text_content("m", delta)) == expected


def test_the_least_recently_used_idle_session_is_forgotten() -> None:
    sessions = Sessions(list[str], max_sessions=2, max_runs=2)
    with sessions.claim("a") as first:
        first.append("kept")
        for session in ("b", "c", "d"):
            with sessions.claim(session):
                pass
    with sessions.claim("a") as again:
        assert again == ["kept"]
    with sessions.claim("b") as forgotten:
        assert forgotten == []


def test_a_session_is_free_again_after_a_failure() -> None:
    sessions = Sessions(list[str], max_sessions=2, max_runs=1)
    with pytest.raises(RuntimeError), sessions.claim("a"):
        with pytest.raises(Refused) as refused, sessions.claim("a"):
            pass
        assert refused.value.status == 409
        raise RuntimeError
    with sessions.claim("a"):
        pass


def test_a_result_is_bounded() -> None:
    assert len(readable(lambda: "x" * 1_000_000)()) < MAX_RESULT_CHARACTERS + 20


async def failing() -> str:
    """A tool that fails."""
    raise ValueError("no such place")


def test_a_tool_may_be_asynchronous() -> None:
    import asyncio

    assert asyncio.run(readable(failing)()) == "Error: no such place"
