@pytest.mark.parametrize(
    "first",
    [
        START,
        [*START, b": a comment\n\n"],
        [*START, PASSING],
        [b"data: no json\n\n"],
        [b'data: {"a": "\xff"}\n\n'],
        [b"data: [1]\n\n"],
        Response("<html>no</html>", 503),
        Response("", 500),
        Response(b"\xff\xfe", 502),
        Response("{}", 504),
        Response("<html>log in</html>", 200, media_type="text/html"),
        Response("slow down", 429, headers={"retry-after": "0.1"}),
        Response("slow down", 429, headers={"retry-after": "Thu, 01 Jan 2015 00:00:00 GMT"}),
    ],
)
def test_a_call_that_failed_before_its_answer_began_is_made_again(service: Service, first: Answer) -> None:
    run = service.ask(first, HELLO)

    assert run.code is None
    assert text(run) == "Hello"
    assert (run.calls.count, len(service.requests)) == (1, 2)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, "", "credentials"),
        (403, "<html>Forbidden</html>", "model_access_denied"),
        (404, "", "model_not_found"),
        (413, "<html>Request Entity Too Large</html>", "context_too_long"),
        (400, "secret", "model_refused"),
        (400, TOO_LONG, "context_too_long"),
        (402, "", "model_refused"),
        (302, "", "model_refused"),
    ],
)
def test_a_refusal_is_told_apart_by_its_status(service: Service, status: int, body: str, code: str) -> None:
    run = service.ask(Response(body, status))

    assert run.code == code
    assert len(service.requests) == 1
    assert "secret" not in str(run.failure)


@pytest.mark.parametrize(
    "broken", [b"", b"data: no json\n\n", b'data: {"a": "\xff"}\n\n', b"data: [1]\n\n", sse(HELLO[0])[:-5]]
)
def test_an_answer_that_breaks_off_is_not_asked_for_again(service: Service, broken: bytes) -> None:
    run = service.ask([*BEGUN, broken])

    assert run.code == "model_unavailable"
    assert text(run) == "Hello"
    assert len(service.requests) == 1


def test_events_are_read_however_they_come(service: Service) -> None:
    data = b"".join(event if isinstance(event, bytes) else sse(event) for event in HELLO)
    pieces = [data.replace(b"\n", b"\r\n")[start : start + 7] for start in range(0, 2 * len(data), 7)]

    assert text(service.ask([*pieces])) == "Hello"


def test_an_answer_may_be_compressed(service: Service) -> None:
    data = b"".join(event if isinstance(event, bytes) else sse(event) for event in HELLO)
    headers = {"content-encoding": "gzip", "content-type": "text/event-stream"}

    assert text(service.ask(Response(gzip.compress(data), headers=headers))) == "Hello"


def test_calls_share_a_connection(service: Service) -> None:
    async def ask_twice() -> None:
        async with connections():
            with model_calls(Settings()):
                sdk = client(Settings())
                for _ in range(2):
                    async for _ in events(sdk, MESSAGES):
                        pass

    service.script[:] = [HELLO, HELLO]
    asyncio.run(ask_twice())

    assert len(service.callers) == 2
    assert len(set(service.callers)) == 1


def test_a_wait_that_is_longer_than_the_deadline_is_not_begun(service: Service) -> None:
    run = service.ask(Response("", 429, headers={"retry-after": "3600"}))

    assert run.code == "throttled"


def test_a_server_that_is_not_there_is_unavailable(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in wire.environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name, raising=False)

    assert service.ask(throttle_seconds=0).code == "model_unavailable"


@pytest.mark.parametrize("sent", [[], START, BEGUN])
def test_a_call_that_is_closed_ends_at_once_wherever_it_waits(service: Service, sent: list[Event | bytes]) -> None:
    run = service.call([*sent, *SILENCE], throttle_seconds=600, model_read_seconds=600)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(run.read)
        assert service.silent.wait(30)
        run.calls.close()
        reading.result(30)
    service.released.set()

    assert run.error
    assert run.calls.failure is None
    assert len(service.requests) == 1
