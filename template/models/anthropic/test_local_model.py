"""The local model, asked by Anthropic's client: it refuses what Anthropic refuses, and says what it is told to say."""

import json
from typing import Any

import pytest
from anthropic import Anthropic, APIStatusError, BadRequestError, InternalServerError, RateLimitError

from local_model.conversation import Call, Reply, Text, Thoughts
from local_model.server import Fault, LocalModel
from local_model.wire import SECRET, SIGNATURE

USER = {"role": "user", "content": "Hello"}
TOOL = {"name": "echo", "input_schema": {"type": "object"}}


def said(*blocks: Any) -> dict[str, Any]:
    """A message of the model."""
    return {"role": "assistant", "content": list(blocks)}


def text(text: str) -> dict[str, Any]:
    """A block of text."""
    return {"type": "text", "text": text}


def call(id: str = "c1", name: str = "echo", input: Any = None) -> dict[str, Any]:
    """A call of a tool."""
    return {"type": "tool_use", "id": id, "name": name, "input": {} if input is None else input}


def question(*blocks: Any) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": list(blocks)}


def result(id: str = "c1", content: Any = "done") -> dict[str, Any]:
    """The result of a call."""
    return {"type": "tool_result", "tool_use_id": id, "content": content}


def thought(signature: str = SIGNATURE) -> dict[str, Any]:
    """What the model thought."""
    return {"type": "thinking", "thinking": "Hm", "signature": signature}


def ask(*messages: Any, **fields: Any) -> list[Any]:
    """The events of one model call."""
    request = {"model": "local", "max_tokens": 2000, "messages": messages, "tools": [TOOL], "stream": True, **fields}
    with Anthropic(max_retries=0) as client, client.messages.create(**request) as stream:
        return list(stream)


@pytest.mark.parametrize(
    "messages",
    [
        [USER],
        [USER, USER, said(text("Hi")), USER],
        [USER, said(call()), question(result())],
        [USER, said(text("Look"), call("c1"), call("c2")), question(result("c2"), result("c1", []), text("Now?"))],
        [USER, said(thought(), call()), question(result())],
        [USER, said({"type": "redacted_thinking", "data": SECRET}, text("Hi")), USER],
    ],
)
def test_a_proper_conversation_is_answered(local_model: LocalModel, messages: list[Any]) -> None:
    assert ask(*messages)[-1].type == "message_stop"


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "at least one message is required"),
        ([said(text("Hi")), USER], "first message must use the user role"),
        ([USER, said(text("Hi"))], "must end with a user message"),
        ([question()], "must have non-empty content"),
        ([question(text(" \n"))], "must contain non-whitespace text"),
        ([USER, said(text(""), call()), question(result())], "must contain non-whitespace text"),
        ([USER, said(call()), question(result(content=[text(" ")]))], "must contain non-whitespace text"),
        ([USER, said(call(input=[1])), question(result())], "valid dictionary"),
        ([USER, said(call(name="no name!")), question(result())], "should match pattern"),
        ([USER, said(call("c.1")), question(result("c.1"))], "should match pattern"),
        ([USER, said(call(), call()), question(result())], "ids must be unique"),
        ([USER, said(call()), question(result()), said(call()), question(result())], "ids must be unique"),
        ([USER, said(call()), USER], "without `tool_result` blocks immediately after: c1"),
        ([USER, said(call()), question(text("and"), result())], "without `tool_result` blocks immediately after: c1"),
        ([USER, said(call(), call("c2")), question(result())], "immediately after: c2"),
        ([USER, said(text("Hi")), question(result())], "unexpected `tool_use_id`"),
        ([question(call())], "blocks cannot be in user messages"),
        ([USER, said(thought("forged"), text("Hi")), USER], "Invalid `signature`"),
        ([USER, said(thought(""), text("Hi")), USER], "Invalid `signature`"),
        ([USER, said({"type": "redacted_thinking", "data": "made up"}), USER], "Invalid `signature`"),
        ([question({"type": "text", "text": "Hello", "more": 1})], "Extra inputs are not permitted"),
        ([{"role": "user", "content": "Hello", "id": "m1"}], "Extra inputs are not permitted"),
    ],
)
def test_what_anthropic_refuses_is_refused(local_model: LocalModel, messages: list[Any], complaint: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(*messages)

    assert refused.value.type == "invalid_request_error"
    assert complaint in str(refused.value)
    assert local_model.refused and not local_model.requests


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"tools": [TOOL | {"name": "no name!"}]}, "should match pattern"),
        ({"tools": [TOOL, TOOL]}, "names must be unique"),
        ({"tools": [TOOL | {"input_schema": {}}]}, "input_schema.type"),
        ({"tools": [TOOL | {"input_schema": {"type": "object", "anyOf": []}}]}, "at the top level"),
        ({"tools": [TOOL | {"input_schema": {"type": "object", "properties": {"": {}}}}]}, "Property keys"),
        ({"extra_body": {"temperature": 2}}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"system": [text(" ")]}, "must contain non-whitespace text"),
        ({"extra_body": {"more": 1}}, "more: Extra inputs are not permitted"),
        ({"thinking": {"type": "enabled", "budget_tokens": 4000}}, "greater than `thinking.budget_tokens`"),
    ],
)
def test_what_stands_beside_the_messages_is_held_to_the_reference(
    local_model: LocalModel, fields: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(USER, **fields)
    assert complaint in str(refused.value)


POINT = {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([text("Hello") | POINT] * 5, "A maximum of 4 blocks with cache_control"),
        ([text("Hello") | {"cache_control": {"type": "forever"}}], "cache_control"),
    ],
)
def test_cache_points_are_held_to_the_reference(local_model: LocalModel, content: list[Any], complaint: str) -> None:
    with pytest.raises(BadRequestError, match=complaint):
        ask(question(*content))


def test_what_ended_at_a_cache_point_is_read_from_the_cache(local_model: LocalModel) -> None:
    first = question(text("Hello there") | POINT)
    ask(first)
    ask(first, said(text("Hi")), question(text("And now?") | POINT))
    ask(question(text("And now?") | POINT))

    written, more, other = (request.usage for request in local_model.requests)
    assert (written["read"], written["written"]) == (0, written["input"])
    assert more["read"] == written["written"] and other["read"] == 0


def test_calls_need_their_tools(local_model: LocalModel) -> None:
    with pytest.raises(BadRequestError, match="must define tools"):
        ask(USER, said(call()), question(result()), tools=[])


def test_a_model_that_thinks_wants_its_thoughts_back(local_model: LocalModel) -> None:
    ask(USER, said(thought(), call()), question(result()), thinking={"type": "adaptive"})
    with pytest.raises(BadRequestError, match="Expected `thinking`"):
        ask(USER, said(call()), question(result()), thinking={"type": "adaptive"})


def test_a_conversation_may_be_too_long(local_model: LocalModel) -> None:
    local_model.context = 100
    with pytest.raises(BadRequestError, match="prompt is too long: "):
        ask(question(text("x" * 101)))


def test_the_model_says_what_it_is_told_to(local_model: LocalModel) -> None:
    calls = Call("c1", "echo", written=()), Call("c2", "echo", written=('{"a"', ": [", "1"))
    blocks = Thoughts(("H", "m")), Thoughts((), hidden=True), Text((" \n", "\ud83d", "\ude42é")), *calls
    local_model.replies.append(Reply(blocks, "refusal", interleaved=True))

    events = ask(USER)

    starts = [event.content_block for event in events if event.type == "content_block_start"]
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    assert [start.type for start in starts] == ["thinking", "redacted_thinking", "text", "tool_use", "tool_use"]
    assert starts[1].data == SECRET
    assert [delta.thinking for delta in deltas[:2]] == ["H", "m"] and deltas[2].signature == SIGNATURE
    assert [delta.text for delta in deltas[3:6]] == [" \n", "\ud83d", "\ude42é"]
    assert [delta.partial_json for delta in deltas[6:]] == ['{"a"', ": [", "1"]
    assert [event.index for event in events if event.type == "content_block_start"][3:] == [3, 4]
    assert events[-2].delta.stop_reason == "refusal"


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        (Fault("throttle"), RateLimitError, 429),
        (Fault("unavailable"), InternalServerError, 529),
        (Fault("too_long"), BadRequestError, 400),
        (Fault("gateway", status=502), InternalServerError, 502),
        (Fault("error", after=0, reported="throttle"), APIStatusError, 200),
        (Fault("garbled", after=2), json.JSONDecodeError, 0),
    ],
)
def test_an_error_has_anthropics_form(
    local_model: LocalModel, fault: Fault, error: type[Exception], status: int
) -> None:
    local_model.faults.append(fault)
    with pytest.raises(error) as raised:
        ask(USER)
    assert getattr(raised.value, "status_code", 0) == status


def test_a_torn_stream_is_the_same_stream(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("torn"))
    assert ask(USER) == ask(USER)


def test_a_client_leaves_out_what_it_does_not_know(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("news"))
    assert len(ask(USER)) >= len(ask(USER))
    assert local_model.requests[0].ended == "complete"
