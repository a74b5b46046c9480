"""The local model, asked by boto3: it refuses what Bedrock refuses, and says what it is told to say."""

from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_model.conversation import Call, Reply, Text, Thoughts
from local_model.server import Fault, LocalModel
from local_model.wire import SECRET, SIGNATURE

USER = {"role": "user", "content": [{"text": "Hello"}]}
TOOLS = {"tools": [{"toolSpec": {"name": "echo", "inputSchema": {"json": {"type": "object"}}}}]}


def said(*blocks: Any) -> dict[str, Any]:
    """A message of the model."""
    return {"role": "assistant", "content": list(blocks)}


def call(id: str = "c1", name: str = "echo", input: Any = None) -> dict[str, Any]:
    """A call of a tool."""
    return {"toolUse": {"toolUseId": id, "name": name, "input": {} if input is None else input}}


def results(*ids: str, content: Any = "done") -> dict[str, Any]:
    """The results of calls."""
    blocks = [{"toolResult": {"toolUseId": id, "content": [{"text": content}] if content else []}} for id in ids]
    return {"role": "user", "content": blocks}


def thought(signature: str = SIGNATURE) -> dict[str, Any]:
    """What the model thought."""
    return {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": signature}}}


def document(name: str = "one") -> dict[str, Any]:
    """A document."""
    return {"document": {"name": name, "format": "txt", "source": {"bytes": b"text"}}}


def ask(*messages: Any, **fields: Any) -> list[dict[str, Any]]:
    """The events of one model call."""
    request = {"modelId": "local", "messages": messages, "toolConfig": TOOLS, **fields}
    once = Config(retries={"total_max_attempts": 1})
    with closing(boto3.client("bedrock-runtime", "us-west-2", config=once)) as client:
        response = client.converse_stream(**{name: value for name, value in request.items() if value is not None})
        with closing(response["stream"]) as stream:
            return list(stream)


def question(*blocks: Any) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": list(blocks)}


def tool(**spec: Any) -> dict[str, Any]:
    """A configuration with one tool."""
    return {"tools": [{"toolSpec": {"name": "echo", "inputSchema": {"json": {"type": "object"}}} | spec}]}


@pytest.mark.parametrize(
    "messages",
    [
        [USER],
        [USER, said({"text": "Hi"}), USER],
        [USER, said(call()), results("c1")],
        [USER, said({"text": "Look"}, call("c1"), call("c2")), results("c2", "c1"), said({"text": "Hi"}), USER],
        [USER, said(thought(), call()), results("c1")],
        [USER, said({"reasoningContent": {"redactedContent": SECRET}}, {"text": "Hi"}), USER],
        [question(document("a b"), document("(c) [d]-e"), {"text": "Read"})],
    ],
)
def test_a_proper_conversation_is_answered(local_model: LocalModel, messages: list[Any]) -> None:
    assert ask(*messages)[-1]["metadata"]["usage"]["totalTokens"] > 0


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "must start with a user message"),
        ([said({"text": "Hi"}), USER], "must start with a user message"),
        ([USER, USER], "must alternate"),
        ([USER, said({"text": "Hi"})], "must end with a user message"),
        ([question()], "content field in the Message object at messages.0 is empty"),
        ([question({"text": " \n"})], "messages.0.content.0 is blank"),
        ([USER, said({"text": ""}, call()), results("c1")], "messages.1.content.0 is blank"),
        ([USER, said(call()), results("c1", content=" ")], "toolResult.content.0 is blank"),
        ([USER, said(call()), results("c1", content="")], "messages.2.content.0.toolResult is empty"),
        ([USER, said(call(input=[1])), results("c1")], "toolUse.input is invalid"),
        ([USER, said(call(name="no name!")), results("c1")], "pattern"),
        ([USER, said(call("x" * 65)), results("x" * 65)], "above the maximum"),
        ([USER, said(call("é")), results("é")], "pattern"),
        ([USER, said(call(), call()), results("c1")], "ids must be unique"),
        ([USER, said(call()), results("c1"), said(call()), results("c1")], "ids must be unique"),
        ([USER, said(call()), USER], "Expected toolResult blocks at messages.2.content for the following Ids: c1"),
        ([USER, said(call(), call("c2")), results("c1")], "following Ids: c2"),
        ([USER, said({"text": "Hi"}), results("c1")], "exceeds the number of toolUse blocks"),
        ([results("c1")], "exceeds the number of toolUse blocks"),
        ([USER, said(call()), results("c1", "c1")], "exceeds the number of toolUse blocks"),
        ([question(call())], "not allowed in a message of the role user"),
        ([USER, said(thought("forged"), {"text": "Hi"}), USER], "Invalid `signature`"),
        ([USER, said({"reasoningContent": {"redactedContent": b"made up"}}), USER], "Invalid `signature`"),
        ([question(document())], "needs a text block too"),
        ([question({"text": "Read"}, *(document(str(n)) for n in range(6)))], "too many documents"),
        ([question({"text": "Read"}, document("a.txt"))], "file name can only contain"),
        ([question({"text": "Read"}, document(), document())], "must not have the same name"),
    ],
)
def test_what_bedrock_refuses_is_refused(local_model: LocalModel, messages: list[Any], complaint: str) -> None:
    with pytest.raises(ClientError) as refused:
        ask(*messages)

    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert complaint in refused.value.response["Error"]["Message"]
    assert local_model.refused and not local_model.requests


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"toolConfig": tool(name="no name!")}, "pattern"),
        ({"toolConfig": {"tools": TOOLS["tools"] * 2}}, "names must be unique"),
        ({"toolConfig": tool(inputSchema={"json": {}})}, "must be one of the following: object"),
        ({"toolConfig": tool(inputSchema={"json": {"type": "object", "anyOf": []}})}, "at the top level"),
        ({"toolConfig": tool(inputSchema={"json": {"type": "object", "properties": {"": {}}}})}, "Property keys"),
        ({"inferenceConfig": {"temperature": 2}}, "above the maximum"),
        ({"system": [{"text": " "}]}, "system.0 is blank"),
    ],
)
def test_what_stands_beside_the_messages_is_held_to_the_reference(
    local_model: LocalModel, fields: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ClientError, match="ValidationException") as refused:
        ask(USER, **fields)
    assert complaint in str(refused.value)


POINT = {"cachePoint": {"type": "default"}}
CLAUDE, NOVA = "us.anthropic.claude-sonnet-4-6", "us.amazon.nova-lite-v1:0"


@pytest.mark.parametrize(
    ("model", "fields", "content", "complaint"),
    [
        (CLAUDE, {}, [{"text": "Hello"}, POINT], None),
        (CLAUDE, {"toolConfig": {"tools": [*TOOLS["tools"], POINT]}}, [{"text": "Hello"}], None),
        (NOVA, {"system": [{"text": "Be brief."}, POINT]}, [{"text": "Hello"}], None),
        (NOVA, {"toolConfig": {"tools": [*TOOLS["tools"], POINT]}}, [{"text": "Hello"}], "extraneous key"),
        ("meta.llama3-1-70b-instruct-v1:0", {}, [{"text": "Hello"}, POINT], "unsupported model"),
        (CLAUDE, {}, [POINT, {"text": "Hello"}], "must follow a block"),
        (CLAUDE, {}, [{"text": "Hello"}, POINT, POINT], "must follow a block"),
        (CLAUDE, {}, [{"text": "Hello"}, document(), POINT], "must follow a block"),
        (CLAUDE, {}, [{"text": "Hello"}, POINT] * 5, "A maximum of 4 blocks"),
        (CLAUDE, {}, [{"text": "Hello"}, {"cachePoint": {"type": "default", "ttl": "2h"}}], "failed to satisfy"),
    ],
)
def test_cache_points_stand_where_the_model_takes_them(
    local_model: LocalModel, model: str, fields: dict[str, Any], content: list[Any], complaint: str | None
) -> None:
    if complaint is None:
        assert ask(question(*content), modelId=model, **fields)[-1]["metadata"]["usage"]["cacheWriteInputTokens"] > 0
        return
    with pytest.raises(ClientError, match=complaint):
        ask(question(*content), modelId=model, **fields)


def test_what_ended_at_a_cache_point_is_read_from_the_cache(local_model: LocalModel) -> None:
    first, then = question({"text": "Hello there"}, POINT), question({"text": "And now?"}, POINT)
    answers = [ask(first, modelId=CLAUDE), ask(first, said({"text": "Hi"}), then, modelId=CLAUDE)]
    ask(first, said({"text": "Hi"}), then, modelId=NOVA)
    ask(then, modelId=CLAUDE)

    written, more = (answer[-1]["metadata"]["usage"] for answer in answers)
    assert (written["inputTokens"], written["cacheReadInputTokens"]) == (0, 0)
    assert more["cacheReadInputTokens"] == written["cacheWriteInputTokens"] > 0
    assert more["totalTokens"] == sum(count for name, count in more.items() if name != "totalTokens")
    assert [request.usage["read"] > 0 for request in local_model.requests] == [False, True, False, False]


def test_calls_need_their_tools(local_model: LocalModel) -> None:
    with pytest.raises(ClientError, match="toolConfig field must be defined"):
        ask(USER, said(call()), results("c1"), toolConfig=None)


def test_a_model_that_thinks_wants_its_thoughts_back(local_model: LocalModel) -> None:
    thinking = {"additionalModelRequestFields": {"thinking": {"type": "adaptive"}}}
    ask(USER, said(thought(), call()), results("c1"), **thinking)
    with pytest.raises(ClientError, match="Expected `thinking`"):
        ask(USER, said(call()), results("c1"), **thinking)


def test_a_conversation_may_be_too_long(local_model: LocalModel) -> None:
    local_model.context = 100
    with pytest.raises(ClientError, match="Input is too long for requested model"):
        ask(question({"text": "x" * 101}))


def test_the_model_says_what_it_is_told_to(local_model: LocalModel) -> None:
    calls = Call("c1", "echo", written=()), Call("c2", "echo", written=('{"a"', ": [", "1"))
    blocks = Thoughts(("H", "m"), signed=False), Thoughts((), hidden=True), Text((" \n", "\ud83d", "\ude42é")), *calls
    trace = {"trace": {"guardrail": {"actionReason": "masked"}}}
    local_model.replies.append(Reply(blocks, "guardrail_intervened", trace, "no total", interleaved=True))

    events = ask(USER)

    deltas = [event["contentBlockDelta"] for event in events if "contentBlockDelta" in event]
    secret = b"".join(delta["delta"]["reasoningContent"]["redactedContent"] for delta in deltas[2:4])
    starts = [event["contentBlockStart"]["contentBlockIndex"] for event in events if "contentBlockStart" in event]
    assert secret == SECRET
    assert [delta["delta"]["text"] for delta in deltas[4:7]] == [" \n", "\ud83d", "\ude42é"]
    assert [delta["delta"]["toolUse"]["input"] for delta in deltas[7:]] == ['{"a"', ": [", "1"]
    assert starts == [3, 4] and [*events[-7]] == ["contentBlockStop"], "the calls stream at the same time"
    assert events[-2] == {"messageStop": {"stopReason": "guardrail_intervened"}}
    assert events[-1]["metadata"]["trace"]["guardrail"]["actionReason"] == "masked"
    assert "totalTokens" not in events[-1]["metadata"]["usage"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("throttle"), "ThrottlingException"),
        (Fault("internal"), "InternalServerException"),
        (Fault("too_long"), "ValidationException"),
        (Fault("gateway", status=429), "429"),
        (Fault("error", after=0, reported="throttle"), "throttlingException"),
        (Fault("error", after=3), "modelStreamErrorException"),
    ],
)
def test_an_error_has_bedrocks_form(local_model: LocalModel, fault: Fault, code: str) -> None:
    local_model.faults.append(fault)
    with pytest.raises(ClientError) as error:
        ask(USER)
    assert error.value.response["Error"]["Code"] == code


def test_a_call_that_fails_at_once_leaves_its_reply_to_the_next(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("error", after=0, reported="throttle"))
    local_model.replies.append(Reply((Text(("as told",)),)))
    with pytest.raises(ClientError):
        ask(USER)
    assert {"text": "as told"} in [event.get("contentBlockDelta", {}).get("delta") for event in ask(USER)]


def test_a_torn_stream_is_the_same_stream(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("torn"))
    assert ask(USER)[1:-1] == ask(USER)[1:-1]


def test_a_client_leaves_out_what_it_does_not_know(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("news"))
    assert len(ask(USER)) >= len(ask(USER))
    assert local_model.requests[0].ended == "complete"
