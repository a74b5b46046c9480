"""The parts that a served agent does not show by itself."""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest
from ag_ui import core
from ag_ui.core import TextMessageContentEvent
from pydantic import TypeAdapter

from weather_time_calculator import memory
from weather_time_calculator.conversation.conversation import Conversation
from weather_time_calculator.conversation.history import (
    Answer,
    Question,
    Results,
    recent,
    steps,
)
from weather_time_calculator.errors import BadSetting, Failure
from weather_time_calculator.runs.events import text_content
from weather_time_calculator.runs.log import RunLog
from weather_time_calculator.server.sessions import Sessions
from weather_time_calculator.settings import Settings
from weather_time_calculator.tools.results import MAX_RESULT_BYTES, NOTHING, readable
from weather_time_calculator.tools.state import changes
from weather_time_calculator.tools.toolbox import Workers, distinct, tool


@pytest.mark.parametrize("delta", ["plain", 'quo"te\\', "line\nbreak\t", "日本 é 🙂", "\x00\x1f\u2028"])
def test_a_text_delta_is_encoded_as_the_protocol_library_does(delta: str) -> None:
    expected = TextMessageContentEvent(message_id="m", delta=delta)
    assert TextMessageContentEvent.model_validate_json(text_content("m", delta)) == expected


def test_a_readers_pace_is_its_own() -> None:
    async def read() -> list[list[tuple[int, str]]]:
        log = RunLog(max_bytes=100_000)
        for entry in ["first", *(("m", f"{number} ") for number in range(500)), "last"]:
            log.add(entry)
        log.close("end")
        return [[each async for each in log.follow(after)] for after in (0, 250, 501, 503)]

    whole, half, last, nothing = asyncio.run(read())
    assert whole[0] == (1, "first") and whole[-2:] == [(502, "last"), (503, "end")]
    assert len(whole) < 120 and half[0][0] > 251 and nothing == []
    assert last == [(502, "last"), (503, "end")]


def test_a_log_is_bounded() -> None:
    log = RunLog(max_bytes=10)
    log.add(("m", "0123456789"))
    with pytest.raises(Failure, match="more than the agent keeps"):
        log.add(("m", "x"))


def test_the_least_recently_used_idle_session_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    async def read(session_id: str) -> Conversation:
        reads.append(session_id)
        return Conversation()

    async def use() -> None:
        sessions = Sessions(max_sessions=2, max_runs=2)
        for session_id in ("a", "b", "a", "c", "a", "b"):
            await sessions.get(session_id)

    monkeypatch.setattr(memory, "read", read)
    asyncio.run(use())
    assert reads == ["a", "b", "c", "b"]


def user(id: str, text: str = "x") -> core.UserMessage:
    """A user message."""
    return core.UserMessage(id=id, content=text)


def turn(id: str, rounds: int = 1) -> list[core.Message]:
    """A turn with that many rounds of a tool call."""
    said: list[core.Message] = [user(f"{id}-question")]
    for number in range(rounds):
        function = core.FunctionCall(name="echo", arguments='{"text": "é"}')
        call = core.ToolCall(id=f"{id}-{number}", function=function)
        said.append(core.ReasoningMessage(id=f"{id}-thought-{number}", content="hm", encrypted_value="signed"))
        said.append(core.AssistantMessage(id=f"{id}-call-{number}", tool_calls=[call]))
        said.append(core.ToolMessage(id=f"{id}-result-{number}", tool_call_id=call.id, content="é"))
    return [*said, core.AssistantMessage(id=f"{id}-answer", content="done")]


def test_a_history_is_cut_between_turns() -> None:
    messages = [*turn("a"), *turn("b", 2), *turn("c")]

    assert recent(messages, 100, 1_000_000) == messages
    assert recent(messages, 13, 1_000_000) == [*turn("b", 2), *turn("c")]
    assert recent(messages, 12, 1_000_000) == turn("c")
    assert [message.id for message in recent(turn("d", 12), 20, 1_000_000)] == ["d-question", "d-answer"]
    assert [message.id for message in recent(turn("e", 12)[:-1], 20, 1_000_000)] == ["e-question"]
    assert recent([*turn("a"), user("big", "x" * 5000)], 100, 1000) == []


def test_the_steps_of_a_history_are_the_same_every_time() -> None:
    messages = [*turn("a", 2), user("b"), user("c", "y")]

    found = steps(messages)
    assert found == steps(messages)
    question, calling, results, *_, answer, last = found
    assert isinstance(calling, Answer) and calling.thoughts[0].signature == "signed"
    assert isinstance(results, Results) and results.results[0].call == calling.calls[0]
    assert question == Question("x") and last == Question("x\n\ny") and answer == Answer(text="done")


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("", NOTHING),
        (" \n", NOTHING),
        (None, NOTHING),
        ({"a": Decimal("1.5"), "b": [date(2026, 1, 2)]}, '{"a":"1.5","b":["2026-01-02"]}'),
        (Conversation(), '{"messages":[],"state":{},"pause":null,"answered":[],"forgotten":[]}'),
        ((number for number in range(3)), "[0,1,2]"),
        (float("nan"), '"NaN"'),
        ("half \ud83d", "half \ufffd"),
        (7, "7"),
    ],
)
def test_a_result_is_text_that_a_model_can_read(result: object, text: str) -> None:
    assert readable(result) == text


def test_a_result_is_bounded_in_bytes() -> None:
    assert len(readable("é" * 1_000_000).encode()) < MAX_RESULT_BYTES + 20


def test_changes_of_a_state_are_a_json_patch() -> None:
    before, after = {"a": 1, "b/c": 2}, {"a": 1, "d~": [3]}
    assert changes(before, after) == [
        {"op": "remove", "path": "/b~1c"},
        {"op": "add", "path": "/d~0", "value": [3]},
    ]


def typed(place: str, days: Literal[1, 2] = 1, *, schema: bool = False) -> str:
    """Say what came.

    More about it.

    Args:
        place: Where.
        days: How many.
    """
    return f"{place} {days} {schema}"


def test_a_function_becomes_a_tool() -> None:
    made = tool(typed)

    assert made.description == "Say what came.\n\nMore about it."
    assert made.parameters["properties"]["place"] == {"description": "Where.", "type": "string"}
    assert made.parameters["properties"]["days"]["enum"] == [1, 2]
    assert made.parameters["required"] == ["place"]
    assert made.arguments({"place": "Oslo"}) == {"place": "Oslo", "days": 1, "schema": False}
    for wrong in ({}, {"place": 7}, {"place": "Oslo", "days": 3}, {"place": "Oslo", "more": 1}):
        with pytest.raises(ValueError, match="arguments are wrong"):
            made.arguments(wrong)


async def failing() -> str:
    """A tool that fails."""
    raise ValueError("no such place")


async def leaving() -> str:
    """A tool that would end the process."""
    sys.exit(3)


def left() -> str:
    """Another."""
    sys.exit(3)


def asynchronous() -> Any:
    """A function that returns a coroutine."""
    return failing()


async def stubborn() -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(5)


async def obstinate() -> None:
    for _ in range(5):  # without end, the collector of garbage would wait for it too
        with suppress(BaseException):
            await asyncio.sleep(5)


async def cancelling() -> None:
    task = asyncio.current_task()
    assert task
    task.cancel()
    await asyncio.sleep(1)


def misread() -> None:
    TypeAdapter(int).validate_python("secret")


async def exiting() -> None:
    raise GeneratorExit


async def several() -> AsyncIterator[int]:
    """A tool that yields."""
    yield 1
    yield 2


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (failing, "Error: no such place"),
        (asynchronous, "Error: no such place"),
        (leaving, "Error: leaving failed unexpectedly."),
        (left, "Error: left failed unexpectedly."),
        (several, "[1,2]"),
        (lambda: time.sleep(5), "Error: <lambda> did not return within 0.1 seconds."),
        (lambda: iter([1, 2]), "[1,2]"),
        (stubborn, "Error: stubborn did not return within 0.1 seconds."),
        (obstinate, "Error: obstinate did not return within 0.1 seconds."),
        (exiting, "Error: exiting failed unexpectedly."),
        (misread, "Error: misread failed unexpectedly."),
        (cancelling, "Error: cancelling failed unexpectedly."),
    ],
)
def test_whatever_a_tool_does_is_a_result(function: Callable[..., Any], text: str) -> None:
    async def run() -> Any:
        seconds = 0.1 if "sleep" in function.__code__.co_names else 5
        return await Workers(seconds, slots=2).run(function, {})

    assert asyncio.run(run()) == text


def test_a_hung_tool_keeps_its_slot_until_it_returns() -> None:
    hung = threading.Event()

    async def run() -> tuple[bool, Any, bool]:
        workers = Workers(seconds=0.05, slots=1)
        await workers.run(lambda: hung.wait(10), {})
        full, refused = workers.full, await workers.run(lambda: "x", {})
        hung.set()
        await asyncio.sleep(0.5)
        return full, refused, workers.full

    assert asyncio.run(run()) == (True, "Error: too many tools are running. Try again in a moment.", False)


@pytest.mark.parametrize(("name", "value"), [("MAX_TURNS", "x"), ("MAX_TURNS", "0"), ("REQUEST_FIELDS", "{")])
def test_a_bad_setting_is_one_line(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as refused:
        Settings()
    assert name.lower() in str(refused.value) and "\n" not in str(refused.value)


def test_two_tools_of_one_name_are_refused() -> None:
    def look() -> str:
        """Look."""
        return "x"

    assert [each.name for each in distinct([tool(look)])] == ["look"]
    with pytest.raises(BadSetting, match="look"):
        distinct([tool(look), tool(look)])
