"""What a caller sees of a run that does not go well, and that the session goes on after it."""

from collections.abc import Callable

import pytest

from .agent_client import AgentClient
from local_model.server import Fault, LocalModel


def assert_goes_on(agent: AgentClient, session: str) -> None:
    """The failed turn left nothing behind: the model accepts the history, and does not know of it."""
    answer = agent.ask("What did I ask before?", session)
    assert answer.types[-1] == "RUN_FINISHED"
    assert answer.text == "This is your first question."


def test_a_throttled_call_is_tried_again(agent: AgentClient, local_model: LocalModel) -> None:
    local_model.faults.extend([Fault("throttle"), Fault("unavailable")])

    answer = agent.ask("Count to 5")

    assert answer.text == "1 2 3 4 5"
    assert len(local_model.requests) == 3


def test_throttling_without_end_ends_the_run(agent: AgentClient, local_model: LocalModel) -> None:
    local_model.faults.extend([Fault("throttle")] * 100)

    answer = agent.ask("Count to 5")

    assert answer.types == ["RUN_STARTED", "RUN_ERROR"]
    assert answer.events[-1].code == "throttled"
    assert answer.heartbeats > 0
    local_model.faults.clear()
    assert_goes_on(agent, answer.session)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("denied"), "model_access_denied"),
        (Fault("error", after=10), "model_error"),
        (Fault("limit", after=10), "answer_too_long"),
        (Fault("drop", after=10), "model_unavailable"),
        (Fault("cut", after=10), "model_unavailable"),
        (Fault("stall", after=10, seconds=30), "model_unavailable"),
    ],
)
def test_a_failed_model_call_is_one_error(agent: AgentClient, local_model: LocalModel, fault: Fault, code: str) -> None:
    local_model.faults.append(fault)

    answer = agent.ask("Count to 500")

    assert answer.types[-1] == "RUN_ERROR"
    assert answer.types.count("RUN_ERROR") == 1
    assert answer.events[-1].code == code
    assert "Asked for by a fault" not in answer.events[-1].message
    assert len(local_model.requests) == 1, "what was sent in part must not be sent again"
    assert_goes_on(agent, answer.session)


def test_a_failure_after_a_tool_call_forgets_the_whole_turn(agent: AgentClient, local_model: LocalModel) -> None:
    local_model.faults.extend([Fault("stall", after=1), Fault("error", after=3)])

    answer = agent.ask('call echo {"text": "hello"}')

    assert "TOOL_CALL_RESULT" in answer.types
    assert answer.types[-1] == "RUN_ERROR"
    assert_goes_on(agent, answer.session)


def test_a_silent_model_is_bridged_by_heartbeats(agent: AgentClient, local_model: LocalModel) -> None:
    local_model.faults.append(Fault("stall", after=4, seconds=1))

    answer = agent.ask("Count to 8")

    assert answer.text == "1 2 3 4 5 6 7 8"
    assert answer.heartbeats >= 2


def test_an_agent_that_goes_round_in_circles_is_stopped(agent: AgentClient, local_model: LocalModel) -> None:
    answer = agent.ask('call echo {"text": "hello"} again and again')

    assert answer.events[-1].code == "turn_limit"
    assert len(local_model.requests) == 4
    assert_goes_on(agent, answer.session)


@pytest.mark.parametrize("deltas", [1, 5, 50])
def test_a_client_that_leaves_ends_the_model_call(
    agent: AgentClient, local_model: LocalModel, eventually: Callable[[Callable[[], bool]], None], deltas: int
) -> None:
    with agent.post({"prompt": "Count to 9000"}) as stream:
        session = stream.read(deltas).session

    eventually(lambda: local_model.requests[0].ended is not None)
    assert local_model.requests[0].ended == "closed by client"
    assert_goes_on(agent, session)


def test_a_client_that_leaves_a_silent_model_ends_the_call_too(
    agent: AgentClient, local_model: LocalModel, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    local_model.faults.append(Fault("stall", after=4, seconds=4))
    with agent.post({"prompt": "Count to 9000"}) as stream:
        session = stream.read(deltas=2).session

    eventually(lambda: local_model.requests[0].ended == "closed by client")
    assert_goes_on(agent, session)


def test_a_client_that_leaves_while_the_model_is_throttled_ends_the_retries(
    agent: AgentClient, local_model: LocalModel, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    local_model.faults.extend([Fault("throttle")] * 100)
    with agent.post({"prompt": "Hello"}, "impatient"):
        eventually(lambda: len(local_model.requests) > 0)

    local_model.faults.clear()
    assert agent.ask("Count to 3", "impatient").text == "1 2 3"
