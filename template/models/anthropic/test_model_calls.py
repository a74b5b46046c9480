"""What the real client makes of what Anthropic may send, and of what comes when something between fails."""

{% include 'template/models/http/model_service.py' %}


def sse(event: Event) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def start(index: int, **block: Any) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **delta: Any) -> Event:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **delta}}


def end(index: int) -> Event:
    return {"type": "content_block_stop", "index": index}


def words(index: int, *texts: str) -> list[Event | bytes]:
    pieces = [delta(index, "text_delta", text=piece) for piece in texts]
    return [start(index, type="text", text=""), *pieces, end(index)]


def call(index: int, *pieces: str, name: str = "echo", call_id: str = "t1") -> list[Event | bytes]:
    deltas = [delta(index, "input_json_delta", partial_json=piece) for piece in pieces]
    return [start(index, type="tool_use", id=call_id, name=name, input={}), *deltas, end(index)]


def stop(reason: str, **fields: Any) -> list[Event | bytes]:
    message = {"stop_reason": reason, "stop_sequence": None, **fields}
    return [{"type": "message_delta", "delta": message, "usage": {"output_tokens": 2}}, {"type": "message_stop"}]


async def events(sdk: Any, messages: list[Event]) -> AsyncIterator[Event]:
    async with sdk.messages.stream(model="m", max_tokens=9, messages=messages) as stream:
        async for event in stream:
            if event.type in KINDS:
                yield event.model_dump(exclude_none=True)


def deltas(run: Run, name: str) -> list[Any]:
    return [event["delta"][name] for event in run.events if name in event.get("delta", {})]


def text(run: Run) -> str:
    return "".join(deltas(run, "text"))


def kinds(run: Run) -> list[str]:
    return [event["type"] for event in run.events]


def calls(run: Run) -> list[tuple[str, str, str]]:
    """Each call's id, name and arguments, if they came one after the other."""
    told: list[list[str]] = []
    for event in run.events:
        block = event.get("content_block", {})
        if event["type"] == "content_block_start" and block["type"] == "tool_use":
            told.append([block["id"], block["name"], ""])
        if "partial_json" in event.get("delta", {}):
            told[-1][2] += event["delta"]["partial_json"]
    return [(call_id, name, arguments) for call_id, name, arguments in told]


def stop_reasons(run: Run) -> list[str]:
    return deltas(run, "stop_reason")


# What Anthropic sends, without what the SDK makes of it beside.
KINDS = {
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
}
MESSAGES: list[Event] = [{"role": "user", "content": "Hello"}]
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None}
USAGE = {"input_tokens": 3, "output_tokens": 1}
START: list[Event | bytes] = [{"type": "message_start", "message": {**MESSAGE, "usage": USAGE}}, {"type": "ping"}]
BEGUN: list[Event | bytes] = [*START, *words(0, "Hello")[:-1]]
HELLO: list[Event | bytes] = [*START, *words(0, "Hello"), *stop("end_turn")]
PASSING: Event = {"type": "error", "error": {"type": "overloaded_error", "message": "secret"}}
TOO_LONG = json.dumps({"type": "error", "error": {"message": "prompt is too long: 210000 tokens > 200000 maximum"}})


{% include 'template/models/http/test_calls.py' %}


def test_a_plain_answer_is_passed_on_as_it_is(service: Service) -> None:
    run = service.ask(HELLO)

    assert text(run) == "Hello"
    assert stop_reasons(run) == ["end_turn"]
    assert kinds(run) == [event["type"] for event in HELLO if isinstance(event, dict) and event["type"] in KINDS]
    assert run.calls.usage == Usage(3, 2)
    assert (run.code, run.calls.count) == (None, 1)


def test_tokens_of_the_cache_count_as_read(service: Service) -> None:
    usage = {**USAGE, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 20}
    thought = {"output_tokens": 2, "output_tokens_details": {"thinking_tokens": 1}}
    begin = {"type": "message_start", "message": {**MESSAGE, "usage": usage}}

    run = service.ask([begin, *words(0, "Hello"), {**stop("end_turn")[0], "usage": thought}])

    assert run.calls.usage == Usage(33, 2, 10, 20, 1)


def test_usage_is_told_even_if_it_is_not_sent(service: Service) -> None:
    last = {name: value for name, value in stop("end_turn")[0].items() if name != "usage"}

    run = service.ask([{"type": "message_start", "message": MESSAGE}, *words(0, "Hello"), last])

    assert (run.code, run.calls.usage) == (None, Usage())
    assert run.events[0]["message"]["usage"].items() >= {"input_tokens": 0, "output_tokens": 0}.items()


def test_the_tokens_of_a_broken_answer_count(service: Service) -> None:
    run = service.ask(BEGUN)

    assert (run.code, run.calls.usage) == ("model_unavailable", Usage(3, 1))


@pytest.mark.parametrize("pieces", [[], [""], [" "]])
def test_a_call_without_arguments_has_none(service: Service, pieces: list[str]) -> None:
    run = service.ask([*START, *call(0, *pieces), *stop("tool_use")])

    [(_, _, told)] = calls(run)
    assert json.loads(told) == {}
    assert kinds(run)[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_what_a_block_begins_with_is_told(service: Service) -> None:
    whole = start(1, type="tool_use", id="t1", name="echo", input={"a": 1})

    run = service.ask([*START, start(0, type="text", text="Hello"), end(0), whole, end(1), *stop("tool_use")])

    assert text(run) == "Hello"
    assert calls(run) == [("t1", "echo", '{"a": 1}')]


@pytest.mark.parametrize(
    "arguments", ['["a"]', "null", '"a"', '{"a": ', '{"a": NaN}', '{"a": "\\ud800"}', "{}{}", "{'a': 1}", '{"a": x}']
)
def test_arguments_that_are_no_json_object_end_the_answer(service: Service, arguments: str) -> None:
    run = service.ask([*START, *call(0, *arguments), *stop("tool_use")])

    assert run.code == "malformed_answer"
    assert stop_reasons(run) == []


def test_white_space_waits_for_what_it_precedes(service: Service) -> None:
    texts = [*words(0, "\n", "\n"), *words(1, " ", "a", " ", "b ")]

    run = service.ask([*START, *texts, *call(2, "{}"), *stop("tool_use")])

    assert deltas(run, "text") == [" a", " ", "b "]
    assert [event["index"] for event in run.events if event["type"] == "content_block_start"] == [0, 1]


def test_an_answer_of_nothing_but_white_space_is_empty(service: Service) -> None:
    run = service.ask([*START, *words(0, " \n"), *stop("end_turn")])

    assert kinds(run) == ["message_start", "message_delta", "message_stop"]


def test_characters_that_come_in_halves_are_joined(service: Service) -> None:
    texts = words(0, "a\ud83d", "\ude00b", "\ude00", "c\ud83d")

    run = service.ask([*START, *texts, *call(1, '{"a": "\ud83d', '\ude00"}'), *stop("tool_use")])

    assert text(run) == "a😀b\ufffdc\ufffd"
    assert calls(run) == [("t1", "echo", '{"a": "😀"}')]


def test_thoughts_are_as_they_were_signed(service: Service) -> None:
    pieces = [delta(0, "thinking_delta", thinking=" Hm"), *(delta(0, "signature_delta", signature=s) for s in "ab")]
    thought = [start(0, type="thinking", thinking=""), *pieces, end(0)]
    hidden = [start(1, type="redacted_thinking", data="abc"), end(1)]

    run = service.ask([*START, *thought, *hidden, *stop("end_turn")])

    assert deltas(run, "thinking") == [" Hm"]
    assert deltas(run, "signature") == ["ab"]
    assert "redacted_thinking" in [event.get("content_block", {}).get("type") for event in run.events]


def test_blocks_that_came_at_the_same_time_are_told_one_after_the_other(service: Service) -> None:
    first, second = call(0, '{"a"', ": 1}"), call(1, "{", "}", call_id="t2")

    mixed = [event for pair in zip(first, second, strict=True) for event in pair]
    run = service.ask([*START, *mixed, *stop("tool_use")])

    assert calls(run) == [("t1", "echo", '{"a": 1}'), ("t2", "echo", "{}")]


def test_ids_of_calls_are_new_in_the_conversation(service: Service) -> None:
    again = [*call(0, "{}"), *call(1, "{}"), *call(2, "{}", call_id="a.b:c" * 20)]

    run = service.ask([*START, *again, *stop("tool_use")], call_ids=["t1"])

    assert [call_id for call_id, _, _ in calls(run)] == ["t1_2", "t1_3", ("a_b_c" * 20)[:40]]


def test_a_name_that_no_tool_can_have_is_one_that_none_has(service: Service) -> None:
    run = service.ask([*START, *call(0, "{}", name="get weather"), *stop("tool_use")])

    assert calls(run) == [("t1", "invalid_get_weather", "{}")]


def test_an_announced_call_that_never_came_is_a_plain_end(service: Service) -> None:
    assert stop_reasons(service.ask([*START, *words(0, "Hello"), *stop("tool_use")])) == ["end_turn"]


def test_a_call_that_was_not_announced_is_made(service: Service) -> None:
    assert stop_reasons(service.ask([*START, *call(0, "{}"), *stop("end_turn")])) == ["tool_use"]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("max_tokens", "answer_too_long"),
        ("model_context_window_exceeded", "context_too_long"),
        ("refusal", "refused"),
        ("pause_turn", "model_stopped"),
        ("a reason of next year", "model_stopped"),
    ],
)
def test_an_answer_that_is_not_whole_is_a_failure(service: Service, reason: str, code: str) -> None:
    run = service.ask([*START, *call(0, '{"a": '), *stop(reason)])

    assert run.code == code
    assert stop_reasons(run) == []
    assert run.calls.usage == Usage(3, 2)
    assert reason not in str(run.failure)


@pytest.mark.parametrize("explanation", ["I can't help with that.", None])
def test_a_refusal_is_told_in_its_own_words(service: Service, explanation: str | None) -> None:
    details = {"type": "refusal", "category": "bio", "explanation": explanation}

    run = service.ask([*START, *stop("refusal", stop_details=details)])

    assert run.code == "refused"
    assert str(run.failure) == (explanation or "The model declined to answer.")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("overloaded_error", "model_unavailable"),
        ("rate_limit_error", "throttled"),
        ("api_error", "model_error"),
        ("request_too_large", "context_too_long"),
        ("invalid_request_error", "model_refused"),
        ("authentication_error", "credentials"),
        ("an_error_of_next_year", "model_error"),
    ],
)
def test_an_error_within_the_stream_is_told_apart(service: Service, kind: str, code: str) -> None:
    run = service.ask([*BEGUN, {"type": "error", "error": {"type": kind, "message": "secret"}}])

    assert run.code == code
    assert "secret" not in str(run.failure)


def test_events_of_next_year_are_passed_over(service: Service) -> None:
    assert text(service.ask([*START, {"type": "something_new", "a": 1}, *HELLO[2:]])) == "Hello"
