"""The local model, asked by OpenAI's client: it refuses what the API refuses, and says what it is told to say."""

import json
from typing import Any

import pytest
from openai import APIError, BadRequestError, InternalServerError, OpenAI, RateLimitError

from local_model.conversation import Call, Reply, Text
from local_model.server import Fault, LocalModel

USER = {"role": "user", "content": "Hello"}
TOOL = {"type": "function", "function": {"name": "echo", "parameters": {"type": "object"}}}


def said(content: str | None, *calls: Any) -> dict[str, Any]:
    """A message of the model."""
    return {"role": "assistant", "content": content, **({"tool_calls": list(calls)} if calls else {})}


def call(id: str = "c1", name: str = "echo", arguments: str = "{}") -> dict[str, Any]:
    """A call of a tool."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(id: str = "c1", content: str = "done") -> dict[str, Any]:
    """The result of a call."""
    return {"role": "tool", "tool_call_id": id, "content": content}


def tool(**fields: Any) -> dict[str, Any]:
    """A tool that is like no other."""
    return {"type": "function", "function": TOOL["function"] | fields}  # type: ignore[operator]


def ask(local_model: LocalModel, *messages: Any, **fields: Any) -> list[Any]:
    """The chunks of one model call."""
    options = {"stream": True, "stream_options": {"include_usage": True}, "tools": [TOOL]}
    request = {"model": "local", "messages": messages, **options, **fields}
    with (
        OpenAI(base_url=f"{local_model.url}/v1", api_key="offline", max_retries=0) as client,
        client.chat.completions.create(**{k: v for k, v in request.items() if v is not None}) as stream,
    ):
        return list(stream)


@pytest.mark.parametrize(
    "messages",
    [
        [USER],
        [{"role": "system", "content": "Be kind."}, USER, said("Hi"), USER],
        [USER, said(None, call()), result()],
        [USER, said("", call("c1"), call("c2")), result("c2"), result("c1", ""), said("Hi"), USER],
    ],
)
def test_a_proper_conversation_is_answered(local_model: LocalModel, messages: list[Any]) -> None:
    assert ask(local_model, *messages)[-1].usage.total_tokens > 0


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "Invalid 'messages': empty array"),
        ([{"role": "user", "content": []}], "Invalid 'messages[0].content': empty array"),
        ([{"role": "robot", "content": "Hi"}], "Input should be"),
        ([USER, said(None), USER], "expected a string, got null"),
        ([USER, said("Hi") | {"tool_calls": []}, USER], "is too short"),
        ([USER, said("", call("x" * 41)), result("x" * 41)], "expected a length from 1 to 40"),
        ([USER, said("", call(name="no name!")), result()], "does not match pattern"),
        ([USER, said("", call()), USER], "did not have response messages: c1"),
        ([USER, said("", call(), call("c2")), result()], "did not have response messages: c2"),
        ([USER, said("", call())], "did not have response messages: c1"),
        ([USER, said("Hi"), result()], "must be a response to a preceding message"),
        ([USER, said("", call()), result(), result()], "to each call once"),
    ],
)
def test_what_the_api_refuses_is_refused(local_model: LocalModel, messages: list[Any], complaint: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(local_model, *messages)

    assert refused.value.type == "invalid_request_error"
    assert complaint in str(refused.value)
    assert local_model.refused and not local_model.requests


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"tools": []}, "Invalid 'tools'"),
        ({"tools": [tool(name="no name!")]}, "Invalid 'tools[0].function.name'"),
        ({"tools": [tool(parameters={"type": "array"})]}, "schema must be a JSON Schema"),
        ({"tools": None, "tool_choice": "auto"}, "only allowed when 'tools' are specified"),
        ({"temperature": 3}, "Invalid 'temperature'"),
        ({"stop": ["1", "2", "3", "4", "5"]}, "Invalid 'stop'"),
    ],
)
def test_what_stands_beside_the_messages_is_held_to_the_reference(
    local_model: LocalModel, fields: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(local_model, USER, **fields)
    assert complaint in str(refused.value)


def test_a_conversation_may_be_too_long(local_model: LocalModel) -> None:
    local_model.context = 100
    with pytest.raises(BadRequestError, match="maximum context length") as refused:
        ask(local_model, {"role": "user", "content": "x" * 101})
    assert refused.value.code == "context_length_exceeded"


def test_the_model_says_what_it_is_told_to(local_model: LocalModel) -> None:
    calls = Call("c1", "echo", written=()), Call("c2", "echo", written=('{"a"', ": [", "1")), Call("c3", "echo")
    blocks = Text((" \n", "\ud83d", "\ude42é")), Text(("No.",), refuses=True), *calls
    local_model.replies.append(Reply(blocks, "content_filter", interleaved=True))

    chunks = ask(local_model, USER)

    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    pieces = [delta.tool_calls[0] for delta in deltas if delta.tool_calls]
    assert [delta.content for delta in deltas[1:4]] == [" \n", "\ud83d", "\ude42é"]
    assert deltas[4].refusal == "No."
    assert [piece.index for piece in pieces] == [0, 1, 2, 1, 1, 1]
    assert "".join(piece.function.arguments for piece in pieces if piece.index == 1) == '{"a": [1'
    assert chunks[-2].choices[0].finish_reason == "content_filter"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("throttle"), RateLimitError),
        (Fault("unavailable"), InternalServerError),
        (Fault("too_long"), BadRequestError),
        (Fault("gateway", status=502), InternalServerError),
        (Fault("error", after=0, reported="throttle"), APIError),
        (Fault("garbled", after=2), json.JSONDecodeError),
    ],
)
def test_an_error_has_openais_form(local_model: LocalModel, fault: Fault, error: type[Exception]) -> None:
    local_model.faults.append(fault)
    with pytest.raises(error):
        ask(local_model, USER)


def test_a_torn_stream_is_the_same_stream(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("torn"))
    torn = ask(local_model, USER)
    local_model.cache.clear()
    assert torn == ask(local_model, USER)


def test_a_client_leaves_out_what_it_does_not_know(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("news"))
    assert len(ask(local_model, USER)) >= len(ask(local_model, USER))
    assert local_model.requests[0].ended == "complete"
