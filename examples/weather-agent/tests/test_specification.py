"""What AG-UI 1.0 says that a producer MUST do, rule by rule: https://docs.ag-ui.com/spec/1.0.

The order of the events of one run is checked in every test, by `assert_well_formed`. Where the specification lets a
producer choose between an answer and a refusal, this agent refuses with a code before the run begins: what it cannot
use is not skipped in silence.
"""

import json
import uuid
from typing import Any

import pytest
from ag_ui.core import PROTOCOL_VERSION

from .agent_client import AgentClient, assert_well_formed
from .test_pauses import resume, run_input, user
from local_model import wire
from local_model.conversation import Reply, Text
from local_model.server import Fault, LocalModel


def raw(agent: AgentClient, body: dict[str, Any]) -> tuple[str, bytes]:
    """The content type and the bytes of an answer."""
    with agent.post(body) as stream:
        content = stream.response.read()
    return stream.response.headers["content-type"], content


class TestRuns:
    """https://docs.ag-ui.com/spec/1.0/events/lifecycle"""

    def test_a_stream_begins_with_run_started_and_its_ids_are_the_inputs(self, agent: AgentClient) -> None:
        body = run_input(str(uuid.uuid4()), user("Count to 3"), parentRunId="the-one-before")
        answer = agent.run(body)
        first, last = answer.events[0], answer.events[-1]

        assert (first.type.value, last.type.value) == ("RUN_STARTED", "RUN_FINISHED")
        assert (first.thread_id, first.run_id) == (last.thread_id, last.run_id) == (body["threadId"], body["runId"])
        assert (first.parent_run_id, first.protocol_version) == ("the-one-before", PROTOCOL_VERSION)

    @pytest.mark.parametrize("question", ["Count to 3", 'call echo {"text": "x"}', 'call choose {"question": "?"}'])
    def test_nothing_follows_the_end_of_a_run_and_all_is_closed_before(self, agent: AgentClient, question: str) -> None:
        assert_well_formed(agent.ask(question))

    def test_nothing_follows_run_error(self, agent: AgentClient, local_model: LocalModel) -> None:
        local_model.faults.append(Fault("error", after=10))
        answer = agent.ask("Count to 100")

        assert answer.types[-1] == "RUN_ERROR" and answer.types.count("RUN_ERROR") == 1
        assert answer.events[-1].message and answer.events[-1].code

    def test_a_run_that_was_stopped_is_cancelled_and_not_a_success(self, agent: AgentClient) -> None:
        session = str(uuid.uuid4())
        with agent.post({"prompt": "Count to 5000", "background": True}, session) as stream:
            begun = stream.read(3)
        with agent.post({"cancel": {}}, session) as stream:
            stream.response.read()
        told = agent.run({"follow": {"runId": begun.events[0].run_id}}, session)

        assert told.outcome.type == "cancelled"
        assert told.events[-1].result is None
        assert_well_formed(told)


class TestUsage:
    """https://docs.ag-ui.com/spec/1.0/events/lifecycle#token-usage"""

    def test_parts_are_within_the_totals(self, agent: AgentClient) -> None:
        (usage,) = agent.ask('call echo {"text": "hello"}').events[-1].usage

        assert usage.total_tokens == usage.input_tokens + usage.output_tokens
        assert (usage.cached_input_tokens or 0) + (usage.cache_write_input_tokens or 0) <= usage.input_tokens
        assert (usage.reasoning_tokens or 0) <= usage.output_tokens
        assert usage.provider and usage.model

    def test_no_zero_stands_for_what_nobody_counted(self, agent: AgentClient, local_model: LocalModel) -> None:
        if "no usage" not in wire.ODDITIES:
            pytest.skip("this provider always counts")
        local_model.replies.append(Reply((Text(("Hello.",)),), usage="none"))
        answer = agent.ask("Hello")

        assert answer.text == "Hello."
        assert not answer.events[-1].usage
        assert not agent.run({"history": True}, answer.session).events[-1].usage

    def test_a_run_that_goes_on_counts_its_own_calls_only(self, agent: AgentClient, local_model: LocalModel) -> None:
        asked = agent.ask('call send {"to": "Ada", "text": "hi"}')
        done = agent.run(resume(asked, {"approved": True}), asked.session)

        counted = [answer.events[-1].usage[0].output_tokens for answer in (asked, done)]
        assert counted == [request.usage["output"] for request in local_model.requests]


class TestMessages:
    """https://docs.ag-ui.com/spec/1.0/basic/patterns/streaming and /events/tool-calls"""

    def test_a_call_belongs_to_a_message_that_the_history_has(self, agent: AgentClient) -> None:
        answer = agent.ask('call echo {"text": "1"} call echo {"text": "2"}')
        snapshot = agent.run({"history": True}, answer.session).of("MESSAGES_SNAPSHOT")[0]

        parents = {start.parent_message_id for start in answer.of("TOOL_CALL_START")}
        assert len(parents) == 1 and parents <= {message.id for message in snapshot.messages}
        results = {event.message_id: event.content for event in answer.of("TOOL_CALL_RESULT")}
        assert results == {message.id: message.content for message in snapshot.messages if message.role == "tool"}

    def test_a_tool_of_the_client_is_never_answered_by_the_agent(self, agent: AgentClient) -> None:
        question = 'call pick_colour {"shade": "dark"} call echo {"text": "x"} call pick_colour {"shade": "light"}'
        answer = agent.run(run_input(str(uuid.uuid4()), user(question)))
        calls = {start.tool_call_id: start.tool_call_name for start in answer.of("TOOL_CALL_START")}
        pending = [id for id, name in calls.items() if name == "pick_colour"]

        assert answer.outcome.type == "success"
        assert answer.outcome.pending_tool_call_ids == pending, "in the order of the calls"
        assert [calls[event.tool_call_id] for event in answer.of("TOOL_CALL_RESULT")] == ["echo"]

    def test_no_tools_and_none_are_the_same(self, agent: AgentClient, local_model: LocalModel) -> None:
        without = run_input(str(uuid.uuid4()), user("Hello"))
        del without["tools"], without["context"], without["state"], without["forwardedProps"]
        agent.run(without)
        agent.run(run_input(str(uuid.uuid4()), user("Hello"), tools=[]))

        first, second = (request.conversation for request in local_model.requests)
        assert first.tools == second.tools and first.messages == second.messages


class TestInterrupts:
    """https://docs.ag-ui.com/spec/1.0/basic/patterns/interrupt-resume"""

    def test_a_run_that_asks_is_interrupted_and_names_what_it_waits_for(self, agent: AgentClient) -> None:
        answer = agent.ask('call send {"to": "A", "text": "1"} call send {"to": "B", "text": "2"}')
        interrupts, calls = answer.outcome.interrupts, answer.of("TOOL_CALL_START")

        assert answer.outcome.type == "interrupt"
        assert len({interrupt.id for interrupt in interrupts}) == 2
        assert [each.tool_call_id for each in interrupts] == [call.tool_call_id for call in calls]
        assert all(interrupt.reason and interrupt.message and interrupt.response_schema for interrupt in interrupts)

    def test_what_nobody_answered_is_not_done_and_stays_open(
        self, agent: AgentClient, sent: list[tuple[str, str]]
    ) -> None:
        asked = agent.ask('call send {"to": "A", "text": "1"} call send {"to": "B", "text": "2"}')
        both = resume(asked, {"approved": True}, {"approved": True})["resume"]

        assert agent.refused({"resume": both[:1]}, asked.session) == (400, "incomplete_resume")
        assert sent == []
        assert agent.run({"resume": both}, asked.session).outcome.type == "success"
        assert sorted(sent) == [("A", "1"), ("B", "2")]

    def test_the_run_that_goes_on_has_the_thread_the_messages_and_the_state(self, agent: AgentClient) -> None:
        thread = str(uuid.uuid4())
        asked = agent.run(run_input(thread, user('call note {"text": "milk"} call send {"to": "A", "text": "1"}')))
        state = asked.of("STATE_SNAPSHOT")[-1].snapshot
        known = [message.model_dump(by_alias=True) for message in asked.of("MESSAGES_SNAPSHOT")[-1].messages]
        entries = resume(asked, {"approved": True})["resume"]
        done = agent.run(run_input(thread, *known, state=state, resume=entries))

        assert state == {"notes": ["milk"]}
        assert done.events[0].thread_id == thread and done.outcome.type == "success"
        assert "sent to A" in done.text


class TestState:
    """https://docs.ag-ui.com/spec/1.0/events/state"""

    def test_changes_are_told_against_what_the_client_has(self, agent: AgentClient) -> None:
        thread = str(uuid.uuid4())
        first = agent.run(run_input(thread, user('call note {"text": "milk"}'), state={"notes": ["bread"]}))
        assert first.types.index("STATE_DELTA") and "STATE_SNAPSHOT" not in first.types

    def test_a_client_without_the_state_gets_it_before_its_changes(self, agent: AgentClient) -> None:
        thread = str(uuid.uuid4())
        agent.run(run_input(thread, user('call note {"text": "milk"}')))
        second = agent.run(run_input(thread, user('call note {"text": "eggs"}')))  # its state is {}

        assert second.types[:2] == ["RUN_STARTED", "STATE_SNAPSHOT"]
        assert second.events[1].snapshot == {"notes": ["milk"]}
        assert second.of("STATE_DELTA")[0].delta[0].op == "replace"


class TestTransport:
    """https://docs.ag-ui.com/spec/1.0/basic/transports/http-sse"""

    def test_each_event_is_one_json_object_and_lines_end_with_lf(self, agent: AgentClient) -> None:
        kind, content = raw(agent, {"prompt": 'call echo {"text": "a\\u2028b\\r\\nc"}'})
        data = [line.removeprefix(b"data: ") for line in content.split(b"\n") if line.startswith(b"data: ")]

        assert kind.startswith("text/event-stream")
        assert b"\r" not in content and content.endswith(b"\n\n")
        assert all("type" in json.loads(line) for line in data)

    @pytest.mark.parametrize("body", [{"threadId": "t"}, {"threadId": "t", "runId": "r", "messages": [{"role": "?"}]}])
    def test_an_input_that_is_malformed_never_starts_a_run(
        self, agent: AgentClient, local_model: LocalModel, body: dict[str, Any]
    ) -> None:
        assert agent.refused(body) == (400, "invalid_run_input")
        assert local_model.requests == []

    def test_a_field_of_a_later_version_does_no_harm(self, agent: AgentClient) -> None:
        answer = agent.run(run_input(str(uuid.uuid4()), user("Count to 3"), field_of_1_7={"x": 1}))
        assert answer.text == "1 2 3"
