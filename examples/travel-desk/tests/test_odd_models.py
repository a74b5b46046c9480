"""Whatever the model says: the run is valid, its turn is whole or one error, and the next question is answered."""

import os
from collections.abc import Callable, Iterable
from typing import Literal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .agent_client import AgentClient, Answer, assert_well_formed
from local_model import wire
from local_model.conversation import Call, Reply, Text, Thoughts
from local_model.server import Fault, LocalModel

Eventually = Callable[[Callable[[], bool]], None]
TURNS = int(os.environ.get("ODD_TURNS", "30"))
QUESTION = "An odd question"
CODES = {
    "too long": {"answer_too_long", "context_too_long"},
    "refused": {"refused", "content_filtered", "guardrail_intervened"},
    "malformed": {"malformed_answer", "model_stopped"},
}
ENDS = [(stop, kind) for kind in CODES for stop in wire.STOPS[kind]]
FAILURES = set().union(*CODES.values()) | {
    "throttled",
    "model_unavailable",
    "model_error",
    "model_access_denied",
    "credentials",
    "turn_limit",
}


def assert_goes_on(agent: AgentClient, model: LocalModel, odd: Answer) -> None:
    """The next question is answered, and a turn that failed has left nothing behind."""
    model.reset()
    answer = agent.ask("What did I ask before?", odd.session)
    assert_well_formed(answer)
    assert (answer.types[-1], model.refused) == ("RUN_FINISHED", [])
    history = model.requests[-1].conversation.messages
    assert any(QUESTION in message.text for message in history) is (odd.types[-1] == "RUN_FINISHED"), history


@pytest.mark.parametrize(("stop", "kind"), ENDS, ids=[stop for stop, _ in ENDS])
def test_an_answer_that_is_not_whole_is_an_error(
    agent: AgentClient, local_model: LocalModel, stop: str, kind: str
) -> None:
    local_model.replies.append(Reply((Text(("Half an ", "answer")),), stop))

    answer = agent.ask(QUESTION)

    assert answer.types[-1] == "RUN_ERROR"
    assert answer.events[-1].code in CODES[kind]
    assert_goes_on(agent, local_model, answer)


def test_an_end_that_nobody_knows_is_an_error(agent: AgentClient, local_model: LocalModel) -> None:
    local_model.replies.append(Reply((Text(("Half an ", "answer")),), "unheard_of"))

    answer = agent.ask(QUESTION)

    assert answer.events[-1].code == "model_stopped"
    assert_goes_on(agent, local_model, answer)


@pytest.mark.parametrize("reply", wire.REFUSALS)
def test_a_model_that_declines_is_one_error(agent: AgentClient, local_model: LocalModel, reply: Reply) -> None:
    local_model.replies.append(reply)

    answer = agent.ask(QUESTION)

    assert answer.events[-1].code in CODES["refused"]
    assert len(local_model.requests) == 1
    assert_goes_on(agent, local_model, answer)


def test_a_call_of_an_answer_that_is_cut_does_not_run(agent: AgentClient, local_model: LocalModel) -> None:
    local_model.replies.append(Reply((Call("c1", "echo", {"text": "cut"}),), wire.STOPS["too long"][0]))

    answer = agent.ask(QUESTION)

    assert answer.events[-1].code in CODES["too long"]
    assert "TOOL_CALL_RESULT" not in answer.types
    assert_goes_on(agent, local_model, answer)


def test_a_conversation_that_the_model_cannot_read_lets_its_oldest_turns_go(
    agent: AgentClient, local_model: LocalModel
) -> None:
    session = agent.ask(f"Remember {'x' * 4000}").session
    local_model.context = 4000

    assert agent.ask("Count to 3", session).text == "1 2 3"


def test_a_question_that_the_model_cannot_read_is_an_error(agent: AgentClient, local_model: LocalModel) -> None:
    local_model.context = 4000

    answer = agent.ask(f"Remember {'x' * 4000}")

    assert answer.events[-1].code == "context_too_long"
    assert_goes_on(agent, local_model, answer)


CALL = Call("c1", "echo", {"text": "one"})
ODDITIES = {
    "a call without arguments": [Reply((Call("c1", "echo", written=()),))],
    "white space before a call": [Reply((Text((" \n", "")), CALL))],
    "white space for an answer": [Reply((CALL,)), Reply((Text((" \n",)),))],
    "a call without an answer": [Reply((CALL,)), Reply(())],
    "text after a call": [Reply((Text(("a",)), CALL, Text(("b",))))],
    "calls at the same time": [Reply((CALL, Call("c2", "echo", {"text": "two"})), interleaved=True)],
    "an end for calls, and none": [Reply((Text(("a",)),), wire.STOPS["calls"][0])],
    "ids that were there before": [Reply((CALL,)), Reply((CALL,))],
    "an id that is none": [Reply((Call("no id: é", "echo", {"text": "one"}),))],
    "a tool that is not there": [Reply((Call("c1", "nobody"), Call("c2", "no name!")))],
    "arguments that do not fit": [Reply((Call("c1", "echo", {"text": 5}), Call("c2", "echo", {"more": 1})))],
    "a character in two halves": [Reply((Text(("a\ud83d", "\ude42b")), Call("c1", "echo", {"text": "🙂"})))],
}


@pytest.mark.parametrize("said", ODDITIES.values(), ids=ODDITIES.keys())
def test_an_odd_answer_is_an_answer(agent: AgentClient, local_model: LocalModel, said: list[Reply]) -> None:
    local_model.replies.extend(said)

    answer = agent.ask(QUESTION)

    assert_well_formed(answer)
    assert (answer.types[-1], local_model.refused) == ("RUN_FINISHED", [])
    assert letters([answer.text]).startswith(letters(reply.text for reply in said))
    assert len(answer.of("TOOL_CALL_RESULT")) == sum(len(reply.calls) for reply in said)
    assert_goes_on(agent, local_model, answer)


@pytest.mark.parametrize("fault", [Fault("news"), Fault("torn")], ids=lambda fault: fault.kind)
def test_an_odd_stream_is_a_stream(agent: AgentClient, local_model: LocalModel, fault: Fault) -> None:
    local_model.faults.append(fault)
    assert agent.ask("Count to 5").text == "1 2 3 4 5"


@pytest.mark.parametrize("reported", ["throttle", "unavailable"])
def test_a_call_that_fails_at_its_first_event_is_made_again(
    agent: AgentClient, local_model: LocalModel, reported: Literal["throttle", "unavailable"]
) -> None:
    local_model.faults.append(Fault("error", after=0, reported=reported))

    assert agent.ask("Count to 5").text == "1 2 3 4 5"
    assert len(local_model.requests) == 2


def test_a_model_may_give_the_same_id_to_every_call(agent: AgentClient, local_model: LocalModel) -> None:
    calls = [Reply((Call("c1", "echo", {"text": text}),)) for text in ("1", "2", "3")]
    local_model.replies.extend([calls[0], calls[1], Reply((Text(("done",)),)), calls[2], Reply((Text(("done",)),))])
    first = agent.ask("Go")
    second = agent.ask("Go on", first.session)

    ids = [start.tool_call_id for answer in (first, second) for start in answer.of("TOOL_CALL_START")]
    assert len(set(ids)) == 3
    for answer in (first, second):
        assert_well_formed(answer)
        assert answer.text == "done"
    assert local_model.refused == []


@pytest.mark.parametrize(
    ("status", "code"), [(401, "credentials"), (404, "model_not_found"), (500, None), (502, None), (429, None)]
)
def test_a_gateway_has_only_a_status(
    agent: AgentClient, local_model: LocalModel, status: int, code: str | None
) -> None:
    local_model.faults.append(Fault("gateway", status=status))

    answer = agent.ask("Count to 5")

    assert code or answer.text == "1 2 3 4 5", "what passes is tried again"
    assert getattr(answer.events[-1], "code", None) == code


def test_a_stream_that_makes_no_sense_is_an_error_of_the_model(agent: AgentClient, local_model: LocalModel) -> None:
    local_model.faults.append(Fault("garbled", after=5))

    answer = agent.ask("Count to 500")

    assert answer.events[-1].code in {"model_error", "model_unavailable"}


def cut(text: str, size: int) -> tuple[str, ...]:
    """The text in pieces of so many UTF-16 units, as JSON escapes them: a character may be cut in two."""
    units, step = text.encode("utf-16-le"), 2 * size
    return tuple(units[at : at + step].decode("utf-16-le", "surrogatepass") for at in range(0, len(units), step))


STRINGS = st.text(st.sampled_from('ab1 \n\t日é🙂\u2028"\\{'), max_size=12)
PIECES = st.builds(cut, STRINGS, st.integers(1, 5)) | st.just(("",))
TEXTS = st.builds(Text, PIECES)
OBJECTS = st.one_of(
    st.fixed_dictionaries({"text": STRINGS}),
    st.sampled_from([{}, {"text": 5}, {"text": None}, {"text": "x", "more": [1, {"a": None}]}]),
)
WRITTEN = st.sampled_from(["", "{", '{"text": "cut of', "[1, 2]", '"text"', "7", "null", " {} ", '{"text": "\\ud83d"}'])


def thoughts() -> st.SearchStrategy[Thoughts]:
    """What a model of this provider may think."""
    kinds = {
        "signed thoughts": st.builds(Thoughts, PIECES),
        "unsigned thoughts": st.builds(Thoughts, PIECES, signed=st.just(False)),
        "hidden thoughts": st.just(Thoughts((), hidden=True)),
    }
    return st.one_of(*(strategy for name, strategy in kinds.items() if name in wire.ODDITIES))


def calls() -> st.SearchStrategy[Call]:
    """What a model of this provider may call: any tool, also one that is not there, with any arguments."""
    ids = st.sampled_from(["c1", "c2", "c3", "no id: é", "x" * 64, *([""] if "no ids" in wire.ODDITIES else [])])
    names = st.sampled_from(["echo", "echo", "echo", "broken", "nobody", "no name!"])
    written = st.one_of(st.none(), st.just(()), st.builds(cut, WRITTEN, st.integers(1, 5)))
    if "arguments as text" not in wire.ODDITIES:
        written = st.one_of(st.none(), st.just(()))
    return st.builds(Call, ids, names, OBJECTS, written)


def replies() -> st.SearchStrategy[Reply]:
    """Anything that a model of this provider may say, and any end of it, most often the one that fits."""
    block = st.one_of(TEXTS, calls(), thoughts())
    blocks = st.lists(block, max_size=4, unique_by=lambda block: getattr(block, "id", "") or id(block))
    stops = [None, None, None, None, *(stop for stops in wire.STOPS.values() for stop in stops), "unheard_of"]
    usages = st.sampled_from(["whole", *(name for name in ("no total", "no usage") if name in wire.ODDITIES)])
    usages = usages.map(lambda name: name.replace("no usage", "none"))
    return st.builds(Reply, blocks.map(tuple), st.sampled_from(stops), usage=usages, interleaved=st.booleans())


FAULTS = st.one_of(
    st.sampled_from([Fault("stall"), Fault("stall"), Fault("stall"), Fault("torn"), Fault("news")]),
    st.builds(Fault, st.sampled_from(["error", "garbled", "drop", "cut"]), st.integers(0, 4)),
    st.builds(Fault, st.just("error"), st.integers(0, 4), reported=st.sampled_from(["throttle", "unavailable"])),
    st.builds(Fault, st.just("gateway"), status=st.sampled_from([401, 429, 500, 502])),
    st.sampled_from([Fault("throttle"), Fault("internal"), Fault("denied"), Fault("too_long")]),
)


def is_sane(reply: Reply) -> bool:
    """Whether this must not fail the run: it ends well, and its calls have arguments, right or wrong."""
    ends_well = reply.stop in {None, *wire.STOPS["complete"], *wire.STOPS["calls"]}
    return ends_well and bool(reply.text.strip() or reply.calls) and not any(call.written for call in reply.calls)


@settings(
    max_examples=TURNS,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a smaller example would take minutes to find
    derandomize="ODD_TURNS" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(replies(), min_size=1, max_size=3), st.lists(FAULTS, max_size=3))
def test_any_turn_is_whole_or_one_error(
    agent: AgentClient, local_model: LocalModel, eventually: Eventually, said: list[Reply], faults: list[Fault]
) -> None:
    local_model.reset()
    local_model.replies.extend(said)
    local_model.faults.extend(faults)

    answer = agent.ask(QUESTION)

    assert_well_formed(answer)
    assert local_model.refused == []
    eventually(lambda: all(request.ended for request in local_model.requests))
    if answer.types[-1] == "RUN_ERROR":
        assert answer.events[-1].code in FAILURES
        assert not all(fault.passes for fault in faults) or not all(map(is_sane, said))
    else:
        told = [request.reply for request in local_model.requests if request.ended == "complete"]
        assert letters([answer.text]) == letters(reply.text for reply in told)
    assert_goes_on(agent, local_model, answer)


def letters(texts: Iterable[str]) -> str:
    """What is said, but for white space, of which a model may have too much."""
    text = "".join(texts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return "".join(text.split())
