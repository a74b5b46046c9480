"""What the model thinks before it answers is streamed apart from the answer, where the model is asked to tell."""

from collections.abc import Iterator

import pytest

from weather_time_calculator.settings import Settings

from .agent_client import AgentClient, Answer, assert_well_formed
from local_model import wire
from local_model.server import LocalModel
from local_model.serving import served

CALL = 'call echo {"text": "hello"}'


@pytest.fixture(scope="module")
def thoughtful_url(_model: LocalModel) -> Iterator[str]:
    """Where an agent listens whose model is asked to tell its thoughts."""
    from weather_time_calculator.server.app import create_app

    with served(create_app(Settings(request_fields=wire.REASONING))) as url:
        yield url


@pytest.fixture
def thoughtful(thoughtful_url: str, local_model: LocalModel) -> Iterator[AgentClient]:
    """A caller of that agent."""
    with AgentClient(thoughtful_url) as client:
        yield client


def thoughts(answer: Answer) -> str:
    """What the model thought."""
    return "".join(event.delta for event in answer.of("REASONING_MESSAGE_CONTENT"))


def test_thoughts_come_piece_by_piece_before_the_answer(thoughtful: AgentClient) -> None:
    answer = thoughtful.ask("Count to 5")

    assert answer.types[1:3] == ["REASONING_START", "REASONING_MESSAGE_START"]
    assert answer.types.index("REASONING_END") < answer.types.index("TEXT_MESSAGE_START")
    assert len(answer.of("REASONING_MESSAGE_CONTENT")) > 5
    assert thoughts(answer) == "They ask: “Count to 5”. Let me see what that needs."
    assert answer.text == "1 2 3 4 5"
    assert_well_formed(answer)


def test_every_model_call_of_a_run_has_its_thoughts(thoughtful: AgentClient, local_model: LocalModel) -> None:
    answer = thoughtful.ask(CALL)

    assert answer.types[-1] == "RUN_FINISHED"
    assert len(local_model.requests) == 2
    assert thoughts(answer).endswith("Let me see what that needs.The tools have answered. I shall quote them.")
    assert "The tools have answered" not in answer.text
    assert_well_formed(answer)
    (usage,) = answer.events[-1].usage
    assert usage.output_tokens == sum(request.usage["output"] for request in local_model.requests)


def test_a_session_goes_on_after_thoughts(thoughtful: AgentClient) -> None:
    first = thoughtful.ask(CALL)
    second = thoughtful.ask(CALL, first.session)

    assert second.types[-1] == "RUN_FINISHED"
    assert "hello" in thoughtful.ask("What did I ask before?", first.session).text


def test_a_model_that_is_not_asked_tells_no_thoughts(agent: AgentClient) -> None:
    assert not [kind for kind in agent.ask(CALL).types if kind.startswith("REASONING")]


def test_what_a_provider_wants_back_stays_in_the_snapshot(thoughtful: AgentClient) -> None:
    """https://docs.ag-ui.com/spec/1.0/events/reasoning: a snapshot without the value has withdrawn it."""
    answer = thoughtful.ask(CALL)
    snapshot = thoughtful.run({"history": True}, answer.session).of("MESSAGES_SNAPSHOT")[0]
    told = {event.entity_id: event.encrypted_value for event in answer.of("REASONING_ENCRYPTED_VALUE")}

    kept = {each.id: each.encrypted_value for each in snapshot.messages if each.role == "reasoning"}
    assert told == {id: value for id, value in kept.items() if value}
