"""The local model, asked by Google's client: it refuses what Gemini refuses, and says what it is told to say."""

from typing import Any

import pytest
from google.genai import Client
from google.genai.errors import APIError, ClientError

from local_model.conversation import Call, Reply, Text, Thoughts
from local_model.server import Fault, LocalModel
from local_model.wire import SIGNATURE

USER = {"role": "user", "parts": [{"text": "Hello"}]}
TOOL = {"name": "echo", "parameters_json_schema": {"type": "object"}}


def said(*parts: Any) -> dict[str, Any]:
    """A turn of the model."""
    return {"role": "model", "parts": list(parts)}


def turn(*parts: Any) -> dict[str, Any]:
    """A turn of the user."""
    return {"role": "user", "parts": list(parts)}


def call(id: str = "c1", name: str = "echo", **part: Any) -> dict[str, Any]:
    """A call of a tool."""
    return {"function_call": {"id": id, "name": name, "args": {}}, **part}


def result(id: str = "c1", name: str = "echo") -> dict[str, Any]:
    """The result of a call."""
    return {"function_response": {"id": id, "name": name, "response": {"result": "done"}}}


def ask(*contents: Any, tools: Any = (TOOL,), **config: Any) -> list[Any]:
    """The chunks of one model call."""
    config["tools"] = [{"function_declarations": list(tools)}] if tools else []
    client = Client()
    try:
        stream = client.models.generate_content_stream(model="local", contents=list(contents), config=config)  # type: ignore[arg-type]
        return list(stream)
    finally:
        client.close()


@pytest.mark.parametrize(
    "contents",
    [
        [USER],
        [USER, USER, said({"text": "Hi"}), USER],
        [USER, said(call()), turn(result())],
        [USER, said({"text": "Look"}, call("c1"), call("c2")), turn(result("c2"), result("c1"))],
        [USER, said(call("c1"), call("c2")), turn(result("c1")), turn(result("c2"))],
        [USER, said({"text": "Hi", "thought_signature": SIGNATURE}), USER],
    ],
)
def test_a_proper_conversation_is_answered(local_model: LocalModel, contents: list[Any]) -> None:
    assert ask(*contents)[-1].usage_metadata.total_token_count > 0


@pytest.mark.parametrize(
    ("contents", "complaint"),
    [
        ([said({"text": "Hi"}), USER], "begin with a user turn"),
        ([USER, said({"text": "Hi"})], "end with a user role"),
        ([{"role": "robot", "parts": [{"text": "Hi"}]}], "Please use a valid role"),
        ([turn()], "contents.parts must not be empty"),
        ([turn({"text": ""})], "empty text parameter"),
        ([USER, said({"text": ""}, call()), turn(result())], "empty text parameter"),
        ([USER, said({"thought": True}), USER], "must have one initialized field"),
        ([USER, said(call()), USER], "number of function response parts"),
        ([USER, said(call(), call("c2")), turn(result())], "number of function response parts"),
        ([USER, said({"text": "Hi"}), turn(result())], "immediately after a function call turn"),
        ([USER, said(call()), turn(result("c2"))], "are not those of the function calls"),
        ([USER, said({"text": "Hi", "thought_signature": "Zm9yZ2Vk"}), USER], "signature is not valid"),
    ],
)
def test_what_gemini_refuses_is_refused(local_model: LocalModel, contents: list[Any], complaint: str) -> None:
    with pytest.raises(ClientError) as refused:
        ask(*contents)

    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    assert complaint in str(refused.value)
    assert local_model.refused and not local_model.requests


@pytest.mark.parametrize(
    ("tools", "complaint"),
    [
        ([TOOL | {"name": "no name!"}], "Invalid function name"),
        ([TOOL, TOOL], "Duplicate function declaration"),
        ([{"name": "echo", "parameters": {"type": "OBJECT", "properties": {}}}], "should be non-empty for OBJECT type"),
        ([{"name": "echo", "parameters": {"type": "STRING"}}], "must be of the type OBJECT"),
    ],
)
def test_tools_are_held_to_the_reference(local_model: LocalModel, tools: Any, complaint: str) -> None:
    with pytest.raises(ClientError) as refused:
        ask(USER, tools=tools)
    assert complaint in str(refused.value)


def test_values_have_their_ranges(local_model: LocalModel) -> None:
    with pytest.raises(ClientError, match="the range is 0 to 2"):
        ask(USER, temperature=3)


def test_a_model_that_thinks_wants_its_thoughts_back(local_model: LocalModel) -> None:
    thinking = {"include_thoughts": True}
    ask(USER, said(call(thought_signature=SIGNATURE)), turn(result()), thinking_config=thinking)
    with pytest.raises(ClientError, match="missing a thought_signature"):
        ask(USER, said(call()), turn(result()), thinking_config=thinking)


def test_a_conversation_may_be_too_long(local_model: LocalModel) -> None:
    local_model.context = 100
    with pytest.raises(ClientError, match="exceeds the maximum number of tokens allowed"):
        ask(turn({"text": "x" * 101}))


def test_the_model_says_what_it_is_told_to(local_model: LocalModel) -> None:
    calls = Call("c1", "echo", written=()), Call("c2", "echo", {"a": 1})
    blocks = Thoughts(("H", "m")), Text((" \n", "é")), *calls
    local_model.replies.append(Reply(blocks, "MALFORMED_FUNCTION_CALL", interleaved=True))

    chunks = ask(USER)

    parts = [part for chunk in chunks[:-1] for part in chunk.candidates[0].content.parts]
    assert [(part.text, part.thought) for part in parts[:4]] == [("H", True), ("m", True), (" \n", None), ("é", None)]
    assert [part.function_call.args for part in chunks[-2].candidates[0].content.parts] == [None, {"a": 1}]
    assert parts[4].thought_signature and not parts[5].thought_signature
    assert chunks[-1].candidates[0].finish_reason == "MALFORMED_FUNCTION_CALL"


def test_a_blocked_prompt_has_no_candidate(local_model: LocalModel) -> None:
    local_model.replies.append(Reply((), details={"promptFeedback": {"blockReason": "SAFETY"}}))
    (chunk,) = ask(USER)
    assert chunk.candidates is None
    assert chunk.prompt_feedback.block_reason == "SAFETY"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("throttle"), 429),
        (Fault("unavailable"), 503),
        (Fault("too_long"), 400),
        (Fault("gateway", status=502), 502),
        (Fault("error", after=0, reported="throttle"), 429),
    ],
)
def test_an_error_has_geminis_form(local_model: LocalModel, fault: Fault, code: int) -> None:
    local_model.faults.append(fault)
    with pytest.raises(APIError) as error:
        ask(USER)
    assert error.value.code == code


def test_a_torn_stream_is_the_same_stream(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("torn"))
    assert [chunk.candidates for chunk in ask(USER)] == [chunk.candidates for chunk in ask(USER)]


def test_a_client_leaves_out_what_it_does_not_know(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("news"))
    assert len(ask(USER)) >= len(ask(USER))
    assert local_model.requests[0].ended == "complete"
