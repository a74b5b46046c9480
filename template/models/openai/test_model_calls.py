"""What the real client makes of what a server with OpenAI's API may send, and of what comes when something fails."""

{% include 'template/models/http/model_service.py' %}


def sse(event: Event) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def chunk(finish_reason: str | None = None, **delta: Any) -> Event:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


def call(index: int | None, arguments: Any = None, name: str | None = None, call_id: str | None = None) -> Event:
    function = {"name": name, "arguments": arguments}
    fields = {"index": index, "id": call_id, "type": "function"}
    given = {field: value for field, value in fields.items() if value is not None}
    return chunk(tool_calls=[given | {"function": {k: v for k, v in function.items() if v is not None}}])


async def events(sdk: Any, messages: list[Event]) -> AsyncIterator[Event]:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    async for event in await sdk.chat.completions.create(model="m", messages=messages, **options):
        yield event.model_dump(exclude_none=True)


def deltas(run: Run, name: str) -> list[Any]:
    told = [choice["delta"].get(name) for event in run.events for choice in event["choices"]]
    return [value for value in told if value]


def text(run: Run) -> str:
    return "".join(deltas(run, "content"))


def calls(run: Run) -> list[tuple[str, str, str]]:
    """Each call's id, name and arguments, if they came one after the other."""
    told: list[list[str]] = []
    for piece in [piece for pieces in deltas(run, "tool_calls") for piece in pieces]:
        if "id" in piece:
            told.append([piece["id"], piece["function"]["name"], ""])
        assert piece["index"] == len(told) - 1
        told[-1][2] += piece["function"]["arguments"]
    return [(call_id, name, arguments) for call_id, name, arguments in told]


def finish_reasons(run: Run) -> list[str]:
    return [choice["finish_reason"] for event in run.events for choice in event["choices"] if "finish_reason" in choice]


MESSAGES: list[Event] = [{"role": "user", "content": "Hello"}]
TOKENS = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
USAGE: Event = {**chunk(), "choices": [], "usage": TOKENS}
DONE = b"data: [DONE]\n\n"
START: list[Event | bytes] = [chunk(role="assistant", content="")]
BEGUN: list[Event | bytes] = [*START, chunk(content="Hello")]
HELLO: list[Event | bytes] = [*BEGUN, chunk("stop"), USAGE, DONE]
END: list[Event | bytes] = [chunk("tool_calls"), USAGE, DONE]
PASSING: Event = {"error": {"message": "secret", "type": "server_error", "code": None}}
TOO_LONG = json.dumps({"error": {"message": "secret", "code": "context_length_exceeded"}})


{% include 'template/models/http/test_calls.py' %}


def test_a_plain_answer_is_passed_on_as_it_is(service: Service) -> None:
    run = service.ask(HELLO)

    assert text(run) == "Hello"
    assert finish_reasons(run) == ["stop"]
    assert run.events[-1]["usage"] == TOKENS
    assert run.calls.usage == Usage(3, 2)
    assert (run.code, run.calls.count) == (None, 1)


def test_tokens_of_the_cache_and_of_thoughts_are_told(service: Service) -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 1}, "completion_tokens_details": {"reasoning_tokens": 2}}

    run = service.ask([*BEGUN, chunk("stop"), {**USAGE, "usage": TOKENS | details}, DONE])

    assert run.calls.usage == Usage(3, 2, cached_input_tokens=1, reasoning_tokens=2)


@pytest.mark.parametrize("usage", [[], [{**USAGE, "usage": None}], [{**USAGE, "usage": {"prompt_tokens": 3}}]])
def test_usage_is_told_even_if_it_is_not_sent(service: Service, usage: list[Event]) -> None:
    run = service.ask([*BEGUN, chunk("stop"), *usage, DONE])

    assert run.events[-1]["usage"].keys() >= TOKENS.keys()
    assert run.code is None


@pytest.mark.parametrize("end", [[DONE], [chunk("stop")], [chunk("", content=""), chunk("stop"), b": broken"]])
def test_servers_end_in_different_ways(service: Service, end: list[Event | bytes]) -> None:
    run = service.ask([*BEGUN, *end])

    assert (run.code, finish_reasons(run)) == (None, ["stop"])


@pytest.mark.parametrize("arguments", [[], [""], [" "], [None]])
def test_a_call_without_arguments_has_none(service: Service, arguments: list[Any]) -> None:
    run = service.ask([*START, call(0, "", "echo", "t1"), *[call(0, piece) for piece in arguments], *END])

    [(_, _, told)] = calls(run)
    assert json.loads(told) == {}
    assert run.code is None


@pytest.mark.parametrize("arguments", ['["a"]', "null", '"a"', '{"a": ', '{"a": NaN}', '{"a": "\\ud800"}', "{}{}"])
def test_arguments_that_are_no_json_object_end_the_answer(service: Service, arguments: str) -> None:
    run = service.ask([*START, call(0, arguments, "echo", "t1"), *END])

    assert run.code == "malformed_answer"
    assert finish_reasons(run) == []
    assert run.calls.usage == Usage(3, 2)


def test_white_space_waits_for_what_it_precedes(service: Service) -> None:
    run = service.ask([*START, *[chunk(content=piece) for piece in ("\n", " ", "a", " ", "b")], chunk("stop"), DONE])

    assert deltas(run, "content") == ["\n a", " ", "b"]


def test_white_space_before_a_call_is_not_told(service: Service) -> None:
    run = service.ask([*START, chunk(content="\n\n"), call(0, "{}", "echo", "t1"), *END])

    assert text(run) == ""
    assert calls(run) == [("t1", "echo", "{}")]


def test_characters_that_come_in_halves_are_joined(service: Service) -> None:
    pieces = [chunk(content=piece) for piece in ("a\ud83d", "\ude00b", "\ude00", "c\ud83d")]
    halves = [call(0, '{"a": "\ud83d', "echo", "t1"), call(0, '\ude00"}')]

    run = service.ask([*START, *pieces, *halves, *END])

    assert text(run) == "a😀b\ufffdc\ufffd"
    assert calls(run) == [("t1", "echo", '{"a": "😀"}')]


def test_calls_that_came_at_the_same_time_are_told_one_after_the_other(service: Service) -> None:
    starts = [call(0, "", "echo", "t1"), call(1, "", "echo", "t2")]
    pieces = [call(0, '{"a"'), call(1, "{"), call(0, ": 1}"), call(1, "}")]

    run = service.ask([*START, *starts, *pieces, *END])

    assert calls(run) == [("t1", "echo", '{"a": 1}'), ("t2", "echo", "{}")]


def test_calls_are_told_apart_even_if_their_index_does_not(service: Service) -> None:
    same = [call(0, '{"a": 1}', "echo", "t1"), call(0, "{}", "echo", "t2")]
    none = [call(None, "{}", "echo", "t3"), call(None, {"b": 2}, "echo", "t4")]

    run = service.ask([*START, *same, *none, *END])

    assert [arguments for _, _, arguments in calls(run)] == ['{"a": 1}', "{}", "{}", '{"b": 2}']


def test_an_id_that_comes_with_every_piece_is_told_once(service: Service) -> None:
    pieces = [call(0, piece, "echo", "t1") for piece in ('{"a"', ": 1}")]

    assert calls(service.ask([*START, *pieces, *END])) == [("t1", "echo", '{"a": 1}')]


def test_ids_of_calls_are_new_in_the_conversation(service: Service) -> None:
    again = [call(index, "{}", "echo", call_id) for index, call_id in enumerate(["t1", "t1", None, "functions.a:0"])]

    run = service.ask([*START, *again, *END], call_ids=["t1"])

    assert [call_id for call_id, _, _ in calls(run)] == ["t1_2", "t1_3", "call", "functions.a:0"]


def test_a_name_that_no_tool_can_have_is_one_that_none_has(service: Service) -> None:
    run = service.ask([*START, call(0, "{}", "get weather", "t1"), *END])

    assert calls(run) == [("t1", "invalid_get_weather", "{}")]


def test_an_announced_call_that_never_came_is_a_plain_end(service: Service) -> None:
    assert finish_reasons(service.ask([*BEGUN, *END])) == ["stop"]


def test_a_call_that_was_not_announced_is_made(service: Service) -> None:
    run = service.ask([*START, call(0, "{}", "echo", "t1"), chunk("stop"), DONE])

    assert finish_reasons(run) == ["tool_calls"]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("length", "answer_too_long"),
        ("content_filter", "content_filtered"),
        ("model_length", "context_too_long"),
        ("error", "model_error"),
        ("a reason of next year", "model_stopped"),
    ],
)
def test_an_answer_that_is_not_whole_is_a_failure(service: Service, reason: str, code: str) -> None:
    run = service.ask([*START, call(0, '{"a": ', "echo", "t1"), chunk(reason), USAGE, DONE])

    assert run.code == code
    assert finish_reasons(run) == []
    assert run.calls.usage == Usage(3, 2)
    assert reason not in str(run.failure)


def test_a_refusal_is_told_in_its_own_words(service: Service) -> None:
    run = service.ask([*START, chunk(refusal="I'm sorry, "), chunk(refusal="no."), chunk("stop"), USAGE, DONE])

    assert run.code == "refused"
    assert str(run.failure) == "I'm sorry, no."


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": 429, "message": "secret"}, "throttled"),
        ({"code": "rate_limit_exceeded", "message": "secret"}, "throttled"),
        ({"code": 400, "message": "the request exceeds the available context size"}, "context_too_long"),
        ({"message": "This model's maximum context length is 5 tokens"}, "context_too_long"),
        ({"code": None, "message": "secret"}, "model_error"),
        ("secret", "model_error"),
    ],
)
def test_an_error_within_the_stream_is_told_apart(service: Service, error: Any, code: str) -> None:
    run = service.ask([*BEGUN, {"error": error}])

    assert run.code == code
    assert "secret" not in str(run.failure)


def test_a_delta_that_is_null_is_none(service: Service) -> None:
    null = {**chunk(), "choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}

    assert finish_reasons(service.ask([*BEGUN, null, DONE])) == ["stop"]
