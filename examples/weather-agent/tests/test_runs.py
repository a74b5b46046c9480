"""Runs and the connections that read them: followed, left, cancelled, and ended with the server."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from .agent_client import AgentClient, Answer
from local_model.server import Fault, LocalModel

Eventually = Callable[[Callable[[], bool]], None]


def begin(agent: AgentClient, prompt: str, session: str, deltas: int = 3) -> Answer:
    """A run in the background whose caller leaves after a few words."""
    with agent.post({"prompt": prompt, "background": True}, session) as stream:
        return stream.read(deltas)


def follow(run: Answer, after: int = 0) -> dict[str, Any]:
    """A body that follows a run."""
    return {"follow": {"runId": run.events[0].run_id, "after": after}}


def cancel(agent: AgentClient, body: dict[str, Any], session: str) -> tuple[int, dict[str, Any]]:
    """The answer to a `cancel`."""
    with agent.post({"cancel": body}, session) as stream:
        stream.response.read()
        return stream.response.status_code, stream.response.json()


def test_events_are_numbered(agent: AgentClient) -> None:
    answer = agent.ask("Count to 20")
    assert answer.numbers == list(range(1, len(answer.events) + 1))


def test_a_run_in_the_background_outlives_its_caller(agent: AgentClient, local_model: LocalModel) -> None:
    session = str(uuid.uuid4())
    begun = begin(agent, "Count to 300", session)
    assert agent.ping()["status"] == "HealthyBusy"
    whole = agent.run(follow(begun), session)
    rest = agent.run(follow(begun, begun.numbers[-1]), session)

    assert whole.types[0] == "RUN_STARTED" and whole.types[-1] == "RUN_FINISHED"
    assert whole.text == " ".join(map(str, range(1, 301)))
    assert begun.text + rest.text == whole.text
    assert len(local_model.requests) == 1
    assert "Count to 300" in agent.ask("What did I ask before?", session).text
    assert agent.ping()["status"] == "Healthy"


def test_followers_see_the_same_at_any_place(agent: AgentClient) -> None:
    session = str(uuid.uuid4())
    begun = begin(agent, "Count to 200", session)
    answers: list[Answer] = []
    followers = [threading.Thread(target=lambda: answers.append(agent.run(follow(begun), session))) for _ in range(3)]
    for follower in followers:
        follower.start()
    for follower in followers:
        follower.join()
    whole = agent.run(follow(begun), session)

    assert {answer.text for answer in answers} == {whole.text}
    for after in range(0, whole.numbers[-1], 7):
        rest = agent.run(follow(begun, after), session)
        assert whole.text.endswith(rest.text)
        assert rest.numbers[0] > after and rest.numbers[-1] == whole.numbers[-1]


def test_whoever_is_far_behind_gets_larger_pieces(agent: AgentClient, local_model: LocalModel) -> None:
    session = str(uuid.uuid4())
    begun = begin(agent, "Count to 2000", session)
    agent.run(follow(begun), session)
    again = agent.run(follow(begun), session)

    assert again.text == " ".join(map(str, range(1, 2001)))
    assert len(again.events) < 300


def test_a_session_with_a_run_in_the_background_is_busy(agent: AgentClient) -> None:
    session = str(uuid.uuid4())
    begun = begin(agent, "Count to 2000", session)
    with agent.post({"prompt": "Hello"}, session) as stream:
        stream.response.read()
        refusal = stream.response.json()

    assert stream.response.status_code == 409
    assert (refusal["code"], refusal["runId"]) == ("session_busy", begun.events[0].run_id)
    assert cancel(agent, {}, session) == (200, {"runId": refusal["runId"], "outcome": "cancelled"})


def test_a_cancelled_run_is_told_and_its_turn_forgotten(
    agent: AgentClient, local_model: LocalModel, eventually: Eventually
) -> None:
    session = str(uuid.uuid4())
    begun = begin(agent, "Count to 5000", session)
    answer = cancel(agent, {"runId": begun.events[0].run_id}, session)
    told = agent.run(follow(begun), session)

    assert answer == (200, {"runId": begun.events[0].run_id, "outcome": "cancelled"})
    assert told.types[-2:] == ["TEXT_MESSAGE_END", "RUN_FINISHED"] and told.outcome.type == "cancelled"
    eventually(lambda: local_model.requests[0].ended == "closed by client")
    assert agent.ask("What did I ask before?", session).text == "This is your first question."


def test_a_caller_sees_that_another_has_cancelled(agent: AgentClient) -> None:
    session = str(uuid.uuid4())
    with agent.post({"prompt": 'call patient {"seconds": 20}'}, session) as stream:
        reading: list[Answer] = []
        reader = threading.Thread(target=lambda: reading.append(stream.read()))
        reader.start()
        time.sleep(0.5)
        assert cancel(agent, {}, session)[1]["outcome"] == "cancelled"
        reader.join()
    assert reading[0].outcome.type == "cancelled"


def test_only_what_is_there_can_be_followed_or_cancelled(agent: AgentClient, local_model: LocalModel) -> None:
    session, other = str(uuid.uuid4()), str(uuid.uuid4())
    run = agent.ask("Count to 3", session)

    assert agent.run(follow(run), session).text == "1 2 3"
    assert agent.refused(follow(run), other) == (404, "no_such_run")
    assert agent.refused(follow(run, 10_000), session) == (400, "invalid_cursor")
    assert agent.run(follow(run, run.numbers[-1]), session).events == []
    with agent.post({"follow": {"runId": "lost"}}, session) as stream:
        stream.response.read()
        assert (stream.response.status_code, stream.response.json()["code"]) == (404, "no_such_run")
        assert [message["role"] for message in stream.response.json()["messages"]] == ["user", "assistant"]
    assert cancel(agent, {"runId": "lost"}, session)[0] == 404
    assert cancel(agent, {}, other)[0] == 404
    assert len(local_model.requests) == 1


def test_the_history_names_the_run_that_goes_on(agent: AgentClient) -> None:
    session = str(uuid.uuid4())
    begun = begin(agent, "Count to 2000", session)
    (snapshot,) = agent.run({"history": True}, session).of("MESSAGES_SNAPSHOT")

    assert snapshot.metadata == {"activeRunId": begun.events[0].run_id}
    assert [message.content for message in snapshot.messages] == ["Count to 2000"]
    cancel(agent, {}, session)


def test_the_history_tells_what_a_session_waits_for(agent: AgentClient) -> None:
    asked = agent.ask('call send {"to": "Ada", "text": "hi"}')
    told = agent.run({"history": True}, asked.session)

    assert told.outcome.interrupts == asked.outcome.interrupts
    assert [message.role for message in told.of("MESSAGES_SNAPSHOT")[0].messages] == ["user", "assistant"]


def test_the_next_question_may_follow_a_hang_up_at_once(agent: AgentClient) -> None:
    session = str(uuid.uuid4())
    for _ in range(5):
        with agent.post({"prompt": "Count to 9000"}, session) as stream:
            stream.read(deltas=2)
        assert agent.ask("Count to 3", session).text == "1 2 3"


def test_input_in_an_ag_ui_body(agent: AgentClient) -> None:
    thread, run = str(uuid.uuid4()), str(uuid.uuid4())
    message = {"id": "m", "role": "user", "content": "Count to 2000"}
    body = {"threadId": thread, "runId": run, "messages": [message], "tools": [], "context": [], "state": {}}
    with agent.post(body | {"forwardedProps": {"background": True, "theme": "dark"}}) as stream:
        stream.read(deltas=3)
    followed = body | {"messages": [], "runId": "other", "forwardedProps": {"follow": {"runId": run}}}
    cancelled = body | {"messages": [], "forwardedProps": {"cancel": {"runId": run}}}

    with agent.post(followed) as stream:
        assert stream.read(deltas=3).events[0].run_id == run
    with agent.post(cancelled) as stream:
        stream.response.read()
        assert stream.response.json()["outcome"] == "cancelled"


def test_a_slow_tool_is_given_up_in_time(agent: AgentClient) -> None:
    answer = agent.ask('call sleepy {"seconds": 4} call patient {"seconds": 60}')

    results = [event.content for event in answer.of("TOOL_CALL_RESULT")]
    assert all(content.endswith("did not return within 3 seconds.") for content in results) and len(results) == 2
    assert answer.outcome.type == "success"


def test_a_context_that_is_too_long_loses_its_oldest_turns(agent: AgentClient, local_model: LocalModel) -> None:
    session = agent.ask("My colour is green").session
    for number in range(3):
        agent.ask(f"Count to {number + 1}", session)
    local_model.faults.append(Fault("too_long"))
    answer = agent.ask("What did I ask before?", session)

    assert answer.outcome.type == "success"
    assert "Count to 3" in answer.text and "green" not in answer.text


def test_a_question_that_is_too_long_says_so(agent: AgentClient, local_model: LocalModel) -> None:
    local_model.faults.append(Fault("too_long"))
    answer = agent.ask("Hello")

    assert answer.events[-1].code == "context_too_long"
