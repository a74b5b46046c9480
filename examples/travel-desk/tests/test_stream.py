"""What a caller sees of a run that goes well."""

import json
import threading
import uuid
from collections.abc import Callable

from .agent_client import AgentClient, assert_well_formed
from local_model.server import Fault, LocalModel


def test_text_arrives_token_by_token(agent: AgentClient) -> None:
    answer = agent.ask("Count to 200")

    deltas = [event.delta for event in answer.of("TEXT_MESSAGE_CONTENT")]
    assert answer.text == " ".join(map(str, range(1, 201)))
    assert len(deltas) == 200
    assert answer.times[-1] - answer.times[2] > 0.1, "the deltas came in one burst"


def test_every_message_starts_and_ends_within_the_run(agent: AgentClient) -> None:
    answer = agent.ask('call echo {"text": "hello"}')

    assert answer.types[:2] == ["RUN_STARTED", "TEXT_MESSAGE_START"]
    assert answer.types[-2:] == ["TEXT_MESSAGE_END", "RUN_FINISHED"]
    assert_well_formed(answer)


def test_a_tool_call_streams_its_arguments_and_its_result(agent: AgentClient) -> None:
    answer = agent.ask('call echo {"text": "streamed in several pieces"}')

    (start,) = answer.of("TOOL_CALL_START")
    (result,) = answer.of("TOOL_CALL_RESULT")
    arguments = "".join(event.delta for event in answer.of("TOOL_CALL_ARGS"))
    assert start.tool_call_name == "echo"
    assert json.loads(arguments) == {"text": "streamed in several pieces"}
    assert result.tool_call_id == start.tool_call_id
    assert result.content == "echo: streamed in several pieces"
    assert "streamed in several pieces" in answer.text


def test_a_failing_tool_is_a_result_that_the_model_reads(agent: AgentClient) -> None:
    answer = agent.ask("call broken {}")

    assert answer.of("TOOL_CALL_RESULT")[0].content == "Error: broken failed unexpectedly."
    assert answer.types[-1] == "RUN_FINISHED"
    assert "secret detail" not in str(answer.events)


def test_usage_adds_up_over_the_model_calls_of_a_run(agent: AgentClient, local_model: LocalModel) -> None:
    (usage,) = agent.ask('call echo {"text": "hello"}').of("RUN_FINISHED")[0].usage

    assert len(local_model.requests) == 2
    assert usage.input_tokens == sum(request.usage["input"] for request in local_model.requests)
    assert usage.output_tokens == sum(request.usage["output"] for request in local_model.requests)
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens


def test_a_session_remembers_its_turns(agent: AgentClient) -> None:
    first = agent.ask('call echo {"text": "my colour is green"}')
    second = agent.ask("What did I ask before?", first.session)

    assert second.session == first.session
    assert "my colour is green" in second.text


def test_a_long_session_is_cut_to_what_the_model_can_still_see(agent: AgentClient, local_model: LocalModel) -> None:
    session = str(uuid.uuid4())
    for number in range(8):
        answer = agent.ask(f'call echo {{"text": "turn {number}"}}', session)
        assert answer.types[-1] == "RUN_FINISHED"

    limit, turn = 10, 4
    assert max(len(request.conversation.messages) for request in local_model.requests) <= limit + turn
    assert "turn 6" in agent.ask("What did I ask before?", session).text


def test_sessions_share_nothing(agent: AgentClient) -> None:
    agent.ask("My colour is green", session=str(uuid.uuid4()))

    assert agent.ask("What did I ask before?").text == "This is your first question."


def test_an_ag_ui_input_is_a_turn_of_its_thread(agent: AgentClient) -> None:
    thread = str(uuid.uuid4())
    for number, question in enumerate(["My colour is green", "What did I ask before?"]):
        message = {"id": f"message-{number}", "role": "user", "content": [{"type": "text", "text": question}]}
        body = {"threadId": thread, "runId": f"run-{number}", "messages": [message], "tools": [], "context": []}
        with agent.post(body | {"state": {}, "forwardedProps": {}}) as stream:
            answer = stream.read()

    assert answer.events[0].thread_id == answer.session == thread
    assert answer.events[-1].run_id == "run-1"
    assert "My colour is green" in answer.text


def test_a_blocking_tool_does_not_hold_up_other_sessions(agent: AgentClient) -> None:
    with agent.post({"prompt": 'call sleepy {"seconds": 2}'}) as slow:
        sleeping = threading.Thread(target=slow.read)
        sleeping.start()
        assert agent.ask("Count to 5").text == "1 2 3 4 5"
        assert sleeping.is_alive()
        sleeping.join()


def test_many_sessions_call_the_model_at_the_same_time(
    agent: AgentClient, local_model: LocalModel, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    local_model.faults.extend([Fault("stall", after=2, seconds=3)] * 20)
    callers = [threading.Thread(target=agent.ask, args=("Count to 20",)) for _ in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    eventually(lambda: [request.ended for request in local_model.requests] == ["complete"] * 20)
    assert local_model.most_at_once == 20
