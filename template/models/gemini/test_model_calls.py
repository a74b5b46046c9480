"""What the real client makes of what Gemini may send, and of what comes when something between fails."""

{% include 'template/models/http/model_service.py' %}


def sse(event: Event) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\r\n\r\n"


def chunk(*parts: Event, **candidate: Any) -> Event:
    return {"candidates": [{"content": {"role": "model", "parts": [*parts]}, "index": 0, **candidate}]}


def call(name: str = "echo", **fields: Any) -> Event:
    return {"functionCall": {"name": name, **fields}}


def end(reason: str = "STOP", *parts: Event) -> Event:
    return {**chunk(*parts, finishReason=reason), "usageMetadata": TOKENS}


async def events(sdk: Any, messages: list[Event]) -> AsyncIterator[Event]:
    async for event in await sdk.aio.models.generate_content_stream(model="m", contents=messages):
        yield event.model_dump(exclude_none=True, exclude={"sdk_http_response"})


def parts(run: Run) -> list[Event]:
    contents = [candidate.get("content", {}) for event in run.events for candidate in event.get("candidates", [])]
    return [part for content in contents for part in content.get("parts", [])]


def texts(run: Run) -> list[str]:
    return [part["text"] for part in parts(run) if part.get("text") and not part.get("thought")]


def text(run: Run) -> str:
    return "".join(texts(run))


def calls(run: Run) -> list[Event]:
    return [part["function_call"] for part in parts(run) if "function_call" in part]


MESSAGES: list[Event] = [{"role": "user", "parts": [{"text": "Hello"}]}]
TOKENS = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
START: list[Event | bytes] = [{"usageMetadata": {"promptTokenCount": 3}}, chunk({"text": ""})]
BEGUN: list[Event | bytes] = [*START, chunk({"text": "Hel"}), chunk({"text": "lo"})]
HELLO: list[Event | bytes] = [*BEGUN, end()]
PASSING: Event = {"error": {"code": 503, "message": "secret", "status": "UNAVAILABLE"}}
TOO_LONG = json.dumps(
    {"error": {"code": 400, "message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."}}
)


{% include 'template/models/http/test_calls.py' %}


def test_a_plain_answer_is_passed_on_as_it_is(service: Service) -> None:
    run = service.ask([chunk({"text": "Hel"}), end("STOP", {"text": "lo"})])

    assert texts(run) == ["Hel", "lo"]
    assert run.events[-1]["usage_metadata"]["total_token_count"] == 5
    assert run.calls.usage == Usage(3, 2)
    assert (run.code, run.calls.count) == (None, 1)


def test_tokens_of_the_cache_and_of_thoughts_are_told(service: Service) -> None:
    tokens = {**TOKENS, "cachedContentTokenCount": 1, "thoughtsTokenCount": 4, "toolUsePromptTokenCount": 7}

    run = service.ask([*BEGUN, {**end(), "usageMetadata": tokens}])

    assert run.calls.usage == Usage(10, 6, cached_input_tokens=1, reasoning_tokens=4)


@pytest.mark.parametrize("usage", [{}, {"usageMetadata": {}}, {"usageMetadata": {"promptTokenCount": 3}}])
def test_usage_is_told_even_if_it_is_not_sent(service: Service, usage: Event) -> None:
    last = {name: value for name, value in end().items() if name != "usageMetadata"}

    run = service.ask([chunk({"text": "Hello"}), last | usage])

    counts = {"prompt_token_count", "candidates_token_count", "total_token_count"}
    assert run.events[-1]["usage_metadata"].keys() >= counts
    assert run.code is None


def test_the_tokens_of_a_broken_answer_count(service: Service) -> None:
    run = service.ask(BEGUN)

    assert (run.code, run.calls.usage) == ("model_unavailable", Usage(3))


@pytest.mark.parametrize("arguments", [{}, {"args": None}, {"args": {}}])
def test_a_call_without_arguments_has_none(service: Service, arguments: Event) -> None:
    run = service.ask([*START, end("STOP", call(**arguments))])

    assert calls(run) == [{"name": "echo", "args": {}}]


@pytest.mark.parametrize("arguments", [["a"], "a", {"a": "\ud800"}])
def test_arguments_that_are_no_json_object_end_the_answer(service: Service, arguments: Any) -> None:
    run = service.ask([*BEGUN, chunk(call(args=arguments)), end()])

    assert run.code == "malformed_answer"
    assert calls(run) == []


def test_white_space_waits_for_what_it_precedes(service: Service) -> None:
    pieces = [chunk({"text": piece}) for piece in ("\n", " ", "a", " ", "b")]

    run = service.ask([*pieces, chunk(call()), chunk({"text": "\n"}), end()])

    assert texts(run) == ["\n a", " ", "b"]


def test_characters_that_come_in_halves_are_joined(service: Service) -> None:
    pieces = [chunk({"text": piece}) for piece in ("a\ud83d", "\ude00b", "\ude00", "c\ud83d")]

    assert text(service.ask([*pieces, end()])) == "a😀b\ufffdc\ufffd"


def test_thoughts_are_as_they_were_signed(service: Service) -> None:
    thought = {"text": " Hm", "thought": True}
    signed = [{**call(), "thoughtSignature": "YWJj"}, {"text": "", "thoughtSignature": "ZGVm"}]

    run = service.ask([chunk(thought), *map(chunk, signed), end()])

    assert parts(run)[0] == {"text": " Hm", "thought": True}
    assert [part["thought_signature"] for part in parts(run) if "thought_signature" in part] == [b"abc", b"def"]


def test_ids_of_calls_are_new_in_the_conversation(service: Service) -> None:
    run = service.ask([chunk(call(id="t1"), call(id="t1"), call(id="a b")), end()], call_ids=["t1"])

    assert [told["id"] for told in calls(run)] == ["t1_2", "t1_3", "a_b"]


def test_a_name_that_no_tool_can_have_is_one_that_none_has(service: Service) -> None:
    run = service.ask([chunk(call("get weather")), end()])

    assert [told["name"] for told in calls(run)] == ["invalid_get_weather"]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("MAX_TOKENS", "answer_too_long"),
        ("MALFORMED_FUNCTION_CALL", "malformed_answer"),
        ("SAFETY", "content_filtered"),
        ("RECITATION", "content_filtered"),
        ("PROHIBITED_CONTENT", "content_filtered"),
        ("SPII", "content_filtered"),
        ("BLOCKLIST", "content_filtered"),
        ("IMAGE_SAFETY", "content_filtered"),
        ("OTHER", "model_stopped"),
        ("A_REASON_OF_NEXT_YEAR", "model_stopped"),
    ],
)
def test_an_answer_that_is_not_whole_is_a_failure(service: Service, reason: str, code: str) -> None:
    run = service.ask([chunk({"text": "Hello"}), end(reason, call(args={}))])

    assert run.code == code
    assert calls(run) == []
    assert run.calls.usage == Usage(3, 2)
    assert reason not in str(run.failure)


@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "PROHIBITED_CONTENT"])
def test_a_question_that_is_blocked_is_a_failure(service: Service, reason: str) -> None:
    run = service.ask([{"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 3}}])

    assert (run.code, run.calls.usage) == ("content_filtered", Usage(3))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": 429, "message": "secret"}, "throttled"),
        ({"code": 503, "message": "secret"}, "model_unavailable"),
        ({"code": 400, "message": "The input token count (9) exceeds the maximum"}, "context_too_long"),
        ({"message": "secret"}, "model_error"),
    ],
)
def test_an_error_within_the_stream_is_told_apart(service: Service, error: Event, code: str) -> None:
    run = service.ask([*BEGUN, {"error": error}])

    assert run.code == code
    assert "secret" not in str(run.failure)
