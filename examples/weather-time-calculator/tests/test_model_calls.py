"""What the real client makes of what Bedrock may send, and of what comes when something between fails."""

import asyncio
import json
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zlib import crc32

import boto3
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from weather_time_calculator.errors import Failure
from weather_time_calculator.provider import TrackedClient, client_config, failure, model_calls
from weather_time_calculator.provider.calls import ModelCalls
from weather_time_calculator.runs.parts import Usage
from weather_time_calculator.settings import Settings

from local_model.serving import served

Event = dict[str, Any]
Answer = list[Event | bytes] | Response
SILENCE: list[Event | bytes] = [b"silence"]
START: Event = {"messageStart": {"role": "assistant"}}
USAGE = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}
METADATA: Event = {"metadata": {"usage": USAGE, "metrics": {"latencyMs": 1}}}
SETTINGS = Settings(throttle_seconds=5, model_read_seconds=5)


def frame(payload: Event | bytes, **headers: str) -> bytes:
    """https://smithy.io/2.0/aws/amazon-eventstream.html; a string's type is 7."""
    fields = {f":{name.replace('_', '-')}": value.encode() for name, value in headers.items()}
    head = b"".join(
        struct.pack(f"!B{len(name)}sBH", len(name), name.encode(), 7, len(value)) + value
        for name, value in fields.items()
    )
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    prelude = struct.pack("!II", len(head) + len(body) + 16, len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + body
    return message + struct.pack("!I", crc32(message))


def wire(event: Event | bytes) -> bytes:
    if isinstance(event, bytes):
        return event
    ((kind, payload),) = event.items()
    return frame(payload, message_type="event", event_type=kind)


def exception(kind: str, message: str = "secret") -> bytes:
    return frame({"message": message}, message_type="exception", exception_type=kind)


def delta(index: int, **delta: Any) -> Event:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}}


def call(index: int, name: str = "echo", call_id: str = "t1") -> Event:
    tool_use = {"toolUseId": call_id, "name": name}
    return {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": tool_use}}}


def piece(index: int, text: str) -> Event:
    return delta(index, toolUse={"input": text})


def end(index: int) -> Event:
    return {"contentBlockStop": {"contentBlockIndex": index}}


def stop(reason: str) -> Event:
    return {"messageStop": {"stopReason": reason}}


HELLO: list[Event | bytes] = [START, delta(0, text="Hello"), end(0), stop("end_turn"), METADATA]


class Service:
    """Gives the answers of `script`, one a request; `requests` are the bodies. At `SILENCE` it waits for `released`."""

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """Forget what was."""
        self.script: list[Answer] = []
        self.requests: list[Any] = []
        self.silent, self.released = threading.Event(), threading.Event()

    async def answer(self, request: Request) -> Response:
        self.requests.append(await request.json())
        answer = self.script.pop(0)
        if isinstance(answer, Response):
            return answer
        if answer == SILENCE:
            await self.silence()
            return Response("")
        return StreamingResponse(self.body(answer), media_type="application/vnd.amazon.eventstream")

    async def body(self, answer: list[Event | bytes]) -> AsyncIterator[bytes]:
        for event in answer:
            if event == SILENCE[0]:
                await self.silence()
            else:
                yield event if isinstance(event, bytes) else wire(event)

    async def silence(self) -> None:
        self.silent.set()
        await asyncio.to_thread(self.released.wait)

    def call(self, *script: Answer, call_ids: Iterable[str] = (), settings: Settings = SETTINGS) -> "Run":
        """A model call that gets these answers."""
        self.script[:] = script
        config = client_config(settings)
        keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none", "region_name": "us-west-2"}
        client = TrackedClient(boto3.client("bedrock-runtime", endpoint_url=self.url, config=config, **keys), settings)
        messages = [{"role": "user", "content": [{"text": "Hello"}]}]
        return Run(lambda: client.converse_stream(modelId="m", messages=messages)["stream"], settings, call_ids)

    def converse(self, *script: Answer, call_ids: Iterable[str] = (), settings: Settings = SETTINGS) -> "Run":
        """What becomes of the answer to one call."""
        return self.call(*script, call_ids=call_ids, settings=settings).read()


class Run:
    """One model call, and what it gave."""

    calls: ModelCalls

    def __init__(self, begin: Callable[[], Iterator[Event]], settings: Settings, call_ids: Iterable[str]) -> None:
        self.begin = begin
        self.call_ids = call_ids
        self.settings = settings
        self.events: list[Event] = []
        self.error: Failure | None = None

    def read(self) -> "Run":
        """Read the answer to its end."""
        with model_calls(self.settings, self.call_ids) as self.calls:
            try:
                for event in self.begin():
                    self.events.append(event)
            except Failure as error:
                self.error = error
                assert failure(error) is error
        return self

    @property
    def code(self) -> str | None:
        """How it failed, which the run knows too, whatever a framework makes of the exception."""
        assert self.calls.failure is self.error
        return self.error.code if self.error else None

    @property
    def kinds(self) -> list[str]:
        return [kind for event in self.events for kind in event]

    def deltas(self, kind: str) -> list[Any]:
        deltas = [event["contentBlockDelta"]["delta"] for event in self.events if "contentBlockDelta" in event]
        return [delta[kind] for delta in deltas if kind in delta]

    @property
    def stop_reason(self) -> str:
        return next(event["messageStop"]["stopReason"] for event in self.events if "messageStop" in event)


@pytest.fixture(scope="module")
def _service() -> Iterator[Service]:
    service = Service()
    app = Starlette(routes=[Route("/model/{id}/converse-stream", service.answer, methods=["POST"])])
    with served(app) as service.url:
        yield service


@pytest.fixture
def service(_service: Service) -> Service:
    _service.reset()
    return _service


def test_a_plain_answer_is_passed_on_as_it_is(service: Service) -> None:
    run = service.converse(HELLO)

    assert run.events == HELLO
    assert run.calls.usage == Usage(3, 2)
    assert (run.code, run.calls.count) == (None, 1)


def test_tokens_of_the_cache_count_as_read(service: Service) -> None:
    usage = {**USAGE, "cacheReadInputTokens": 10, "cacheWriteInputTokens": 20}

    run = service.converse([*HELLO[:-1], {"metadata": {"usage": usage}}])

    assert run.calls.usage == Usage(33, 2, 10, 20)


@pytest.mark.parametrize("metadata", [[], [{"metadata": {}}], [{"metadata": {"usage": {"inputTokens": 3}}}]])
def test_usage_is_told_even_if_it_is_not_sent(service: Service, metadata: list[Event]) -> None:
    run = service.converse([*HELLO[:-1], *metadata])

    assert run.events[-1]["metadata"]["usage"].keys() >= USAGE.keys()
    assert run.events[-1]["metadata"]["metrics"] == {"latencyMs": 0}
    assert run.code is None


@pytest.mark.parametrize("pieces", [[], [""], [" "]])
def test_a_call_without_arguments_has_none(service: Service, pieces: list[str]) -> None:
    deltas = [piece(0, text) for text in pieces]

    run = service.converse([START, call(0), *deltas, end(0), stop("tool_use"), METADATA])

    assert json.loads("".join(part["input"] for part in run.deltas("toolUse"))) == {}
    assert run.kinds[-3:] == ["contentBlockStop", "messageStop", "metadata"]


@pytest.mark.parametrize("arguments", ['["a"]', "null", '"a"', '{"a": ', '{"a": NaN}', '{"a": "\\ud800"}', "{}{}"])
def test_arguments_that_are_no_json_object_end_the_answer(service: Service, arguments: str) -> None:
    run = service.converse([START, call(0), piece(0, arguments), end(0), stop("tool_use"), METADATA])

    assert run.code == "malformed_answer"
    assert "messageStop" not in run.kinds
    assert run.calls.usage == Usage(3, 2)


def test_white_space_waits_for_what_it_precedes(service: Service) -> None:
    answer: list[Event | bytes] = [START, delta(0, text="\n"), delta(0, text="\n"), end(0)]
    answer += [delta(1, text=" "), delta(1, text="a"), delta(1, text=" "), delta(1, text="b "), end(1)]
    answer += [call(2), piece(2, "{}"), end(2), stop("tool_use"), METADATA]

    run = service.converse(answer)

    assert run.deltas("text") == [" a", " ", "b "]
    assert [event["contentBlockStop"]["contentBlockIndex"] for event in run.events if "contentBlockStop" in event] == [
        1,
        2,
    ]


def test_an_answer_of_nothing_but_white_space_is_empty(service: Service) -> None:
    run = service.converse([START, delta(0, text=" \n"), end(0), stop("end_turn"), METADATA])

    assert run.kinds == ["messageStart", "messageStop", "metadata"]


def test_characters_that_come_in_halves_are_joined(service: Service) -> None:
    texts = [delta(0, text=text) for text in ("a\ud83d", "\ude00b", "\ude00", "c\ud83d")]
    answer = [START, *texts, end(0), call(1), piece(1, '{"a": "\ud83d'), piece(1, '\ude00"}'), end(1)]

    run = service.converse([*answer, stop("tool_use"), METADATA])

    assert "".join(run.deltas("text")) == "a😀b\ufffdc\ufffd"
    assert "".join(part["input"] for part in run.deltas("toolUse")) == '{"a": "😀"}'
    json.dumps(run.events, ensure_ascii=False).encode()


def test_what_only_the_model_reads_is_told_whole(service: Service) -> None:
    pieces = [delta(0, reasoningContent={"redactedContent": data}) for data in ("YWJj", "ZGVm")]
    signed = [delta(1, reasoningContent=part) for part in ({"text": " Hm"}, {"signature": "a"}, {"signature": "b"})]

    run = service.converse([START, *pieces, end(0), *signed, end(1), *HELLO[1:]])

    assert run.deltas("reasoningContent") == [{"redactedContent": b"abcdef"}, {"text": " Hm"}, {"signature": "ab"}]


def test_blocks_that_came_at_the_same_time_are_told_one_after_the_other(service: Service) -> None:
    pieces = [piece(0, '{"a"'), piece(1, "{"), piece(0, ": 1}"), piece(1, "}")]

    run = service.converse([START, call(0), call(1, call_id="t2"), *pieces, end(1), end(0), stop("tool_use"), METADATA])

    assert [part["input"] for part in run.deltas("toolUse")] == ['{"a"', ": 1}", "{", "}"]
    assert run.kinds[1:] == [
        *["contentBlockStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop"] * 2,
        "messageStop",
        "metadata",
    ]


def test_ids_of_calls_are_new_in_the_conversation(service: Service) -> None:
    calls = [event for index in range(3) for event in (call(index), piece(index, "{}"), end(index))]
    odd = [call(3, call_id="a b" * 40), end(3)]

    run = service.converse([START, *calls, *odd, stop("tool_use"), METADATA], call_ids=["t1"])

    starts = [event["contentBlockStart"]["start"]["toolUse"] for event in run.events if "contentBlockStart" in event]
    assert [start["toolUseId"] for start in starts] == ["t1_2", "t1_3", "t1_4", ("a_b" * 40)[:40]]


def test_a_name_that_no_tool_can_have_is_one_that_none_has(service: Service) -> None:
    run = service.converse([START, call(0, name="get weather"), end(0), stop("tool_use"), METADATA])

    assert run.events[1]["contentBlockStart"]["start"]["toolUse"]["name"] == "invalid_get_weather"


@pytest.mark.parametrize("events", [[delta(0, text="Hello"), end(0)], []])
def test_a_call_that_was_announced_and_never_came_is_a_plain_end(service: Service, events: list[Event]) -> None:
    run = service.converse([START, *events, stop("tool_use"), METADATA])

    assert (run.code, run.stop_reason) == (None, "end_turn")


def test_a_call_that_was_not_announced_is_made(service: Service) -> None:
    run = service.converse([START, call(0), end(0), stop("end_turn"), METADATA])

    assert (run.code, run.stop_reason) == (None, "tool_use")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("max_tokens", "answer_too_long"),
        ("model_context_window_exceeded", "context_too_long"),
        ("malformed_model_output", "malformed_answer"),
        ("malformed_tool_use", "malformed_answer"),
        ("content_filtered", "content_filtered"),
        ("guardrail_intervened", "guardrail_intervened"),
        ("refusal", "refused"),
        ("a reason of next year", "model_stopped"),
    ],
)
def test_an_answer_that_is_not_whole_is_a_failure(service: Service, reason: str, code: str) -> None:
    run = service.converse([START, call(0), piece(0, '{"a": '), end(0), stop(reason), METADATA])

    assert run.code == code
    assert "messageStop" not in run.kinds
    assert run.calls.usage == Usage(3, 2)
    assert reason not in str(run.error)


def guarded(*actions: str) -> list[Event | bytes]:
    entities = [{"match": "a", "type": "NAME", "action": action} for action in actions]
    policy = {"sensitiveInformationPolicy": {"piiEntities": entities, "regexes": []}}
    trace = {"guardrail": {"outputAssessments": {"id": [policy]}}}
    metadata = {"metadata": {**METADATA["metadata"], "trace": trace}}
    return [START, delta(0, text="Sorry, "), delta(0, text="{NAME}"), end(0), stop("guardrail_intervened"), metadata]


def test_a_guardrail_that_only_masked_is_told_and_not_a_failure(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    run = service.converse(guarded("ANONYMIZED", "NONE"))

    assert (run.code, run.stop_reason) == (None, "end_turn")
    assert "masked" in caplog.text


def test_a_guardrail_that_blocked_has_the_last_word(service: Service) -> None:
    run = service.converse(guarded("ANONYMIZED", "BLOCKED"))

    assert run.code == "guardrail_intervened"
    assert str(run.error) == "Sorry, {NAME}"


@pytest.mark.parametrize(
    "first",
    [
        [exception("throttlingException")],
        [START, exception("internalServerException")],
        [START, exception("modelStreamErrorException")],
        [START, delta(0, text=" "), exception("serviceUnavailableException")],
        [START],
        [START, wire(delta(0, text="Hello"))[:-5]],
        [b"\x00" * 40],
        Response("<html>no</html>", 503),
        Response("", 500),
        Response(b"\xff\xfe", 502, media_type="text/html"),
        Response("[]", 504),
        Response('{"message": null}', 429),
        Response("slow down", 429, headers={"retry-after": "0.1"}),
        Response("slow down", 429, headers={"retry-after": "nan"}),
        Response("{}", 400, headers={"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/"}),
    ],
)
def test_a_call_that_failed_before_its_answer_began_is_made_again(service: Service, first: Answer) -> None:
    run = service.converse(first, HELLO)

    assert run.events == HELLO
    assert (run.code, run.calls.count, len(service.requests)) == (None, 1, 2)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, "", "credentials"),
        (403, "<html>Forbidden</html>", "model_access_denied"),
        (404, "", "model_not_found"),
        (413, "<html>Request Entity Too Large</html>", "context_too_long"),
        (400, '{"message": "secret"}', "model_refused"),
        (400, '{"message": "Input is too long for requested model."}', "context_too_long"),
        (400, '{"message": "prompt is too long: 210000 tokens > 200000 maximum"}', "context_too_long"),
        (400, '{"message": "input length and `max_tokens` exceed context limit: 9 + 9 > 9"}', "context_too_long"),
        (400, '{"message": "This model\'s maximum context length is 8192 tokens."}', "context_too_long"),
        (400, '{"message": "Too many input tokens."}', "context_too_long"),
        (400, '{"message": "The toolUseId is too long: at most 64 characters."}', "model_refused"),
        (400, '{"message": "The maximum tokens you requested exceeds the model limit of 9."}', "model_refused"),
        (400, '{"message": "max_tokens exceeds 9, the most that this model writes."}', "model_refused"),
        (400, '{"code": 7, "message": {"a": 1}}', "model_refused"),
    ],
)
def test_a_gateway_has_only_a_status(service: Service, status: int, body: str, code: str) -> None:
    run = service.converse(Response(body, status))

    assert run.code == code
    assert len(service.requests) == 1
    assert "secret" not in str(run.error)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (exception("modelStreamErrorException"), "model_error"),
        (exception("throttlingException"), "throttled"),
        (exception("validationException", "Input is too long for requested model."), "context_too_long"),
        (exception("aNewException"), "model_error"),
        (frame({}, message_type="error", error_code="InternalError", error_message="secret"), "model_error"),
        (b"", "model_unavailable"),
        (wire(HELLO[1])[:-5], "model_unavailable"),
        (wire(HELLO[1])[:-1] + b"\x00", "model_unavailable"),
        (frame(b"no json", message_type="event", event_type="contentBlockDelta"), "model_unavailable"),
        (frame(b"\xff", message_type="event", event_type="contentBlockDelta"), "model_unavailable"),
        (frame({"delta": {"text": "a"}}, message_type="event", event_type="contentBlockDelta"), "model_unavailable"),
        (wire(piece(5, "{}")), "model_unavailable"),
    ],
)
def test_an_answer_that_breaks_off_is_not_asked_for_again(service: Service, broken: bytes, code: str) -> None:
    run = service.converse([START, delta(0, text="Hello"), broken])

    assert run.code == code
    assert run.deltas("text") == ["Hello"]
    assert len(service.requests) == 1
    assert "secret" not in str(run.error)


def test_a_wait_that_is_longer_than_the_deadline_is_not_begun(service: Service) -> None:
    run = service.converse(Response("", 429, headers={"retry-after": "3600"}))

    assert run.code == "throttled"


def test_a_server_that_is_not_there_is_unavailable(service: Service) -> None:
    url, service.url = service.url, "http://127.0.0.1:9"
    try:
        run = service.converse(settings=Settings(throttle_seconds=0))
    finally:
        service.url = url

    assert run.code == "model_unavailable"


def test_events_of_next_year_are_passed_over(service: Service) -> None:
    news: list[Event | bytes] = [{"somethingNew": {}}, delta(0, somethingNew={"a": 1})]

    assert service.converse([START, *news, *HELLO[1:]]).events == HELLO


@pytest.mark.parametrize("sent", [[], [START], [START, delta(0, text="Hello")]])
def test_a_call_that_is_closed_ends_at_once_wherever_it_waits(service: Service, sent: list[Event | bytes]) -> None:
    run = service.call([*sent, *SILENCE], settings=Settings(throttle_seconds=600, model_read_seconds=600))
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(run.read)
        assert service.silent.wait(30)
        run.calls.close()
        reading.result(30)
    service.released.set()

    assert run.error
    assert run.calls.failure is None
    assert len(service.requests) == 1
