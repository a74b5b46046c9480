"""The Python client against the served agent, and what it sends to a deployed one."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.auth
import httpx2
import pytest
from ag_ui.core import (
    ActivitySnapshotEvent,
    Event,
    Interrupt,
    RunFinishedEvent,
    TextMessageContentEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from clients import stream
from clients.files import File
from clients.python import AgentClient, AgentError, Answer, AsyncAgentClient, asked, file_of, new_session
from local_model.server import Fault, LocalModel

SEND = 'call send {"to": "Ann", "text": "Hello"}'
ARN = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/my_agent-AbCdEf1234"
Eventually = Callable[[Callable[[], bool]], None]
Ask = Callable[[str, str], list[Event]]


@pytest.fixture
def url(agent_url: str, local_model: LocalModel) -> str:
    return f"{agent_url}/invocations"


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest, url: str) -> Ask:
    """One turn of either client, read to its end."""
    client = AgentClient(url) if request.param == "sync" else AsyncAgentClient(url)
    return lambda prompt, session: read(client, prompt, session)


def text(events: list[Event]) -> str:
    return "".join(event.delta for event in events if isinstance(event, TextMessageContentEvent))


def test_a_turn_is_typed_events(ask: Ask) -> None:
    events = ask("Count to 20", new_session())
    assert text(events) == " ".join(map(str, range(1, 21)))
    assert isinstance(events[-1], RunFinishedEvent)
    assert events[-1].usage is not None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://allow.example@evil.example/", "//x", "https://a b"])
def test_the_page_of_a_consent_is_one_of_the_web(url: str) -> None:
    page = "https://allow.example/it"
    assert asked(f"Allow it: {page}", {"authorizationUrl": page}) == ("Allow it:", page)
    assert asked("Which?", None) == ("Which?", "")

    message, none = asked(f"Allow it: {url}", {"authorizationUrl": url})
    assert none == "" and message.endswith("do not open it.)")


def test_a_consent_is_asked_and_the_turn_goes_on(url: str, allowed: set[str]) -> None:
    def approve(interrupt: Interrupt) -> bool:
        assert asked(interrupt.message, interrupt.metadata) == ("Allow it here:", "https://allow.example/it")
        allowed.add("Ada")
        return True

    events = AgentClient(url).stream('call account {"name": "Ada"}', new_session(), approve=approve)
    assert "the account of Ada" in text(list(events))


def test_a_file_is_bytes(ask: Ask) -> None:
    events = ask('call hand_over {"name": "report.csv", "size": 300}', new_session())
    (file,) = [file for event in events if (file := file_of(event))]
    assert file == File("report.csv", "text/csv", bytes(each % 256 for each in range(300)))


def test_a_file_is_saved_beside_others(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("mine")
    (tmp_path / "b.txt").symlink_to(tmp_path / "elsewhere")
    saved = [File(name, "text/plain", b"theirs").save(tmp_path) for name in ("a.tar.gz", "a.tar.gz", "b.txt")]
    assert [path.name for path in saved] == ["a.tar (2).gz", "a.tar (3).gz", "b (2).txt"]
    assert (tmp_path / "a.tar.gz").read_text() == "mine" and not (tmp_path / "elsewhere").exists()
    assert {path.read_bytes() for path in saved} == {b"theirs"}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("C:\\Windows\\a.exe", "a.exe"),
        ("/etc/passwd/", "file"),
        ("..", "file"),
        ("", "file"),
        ("a\x1b]0;owned\x07\n.txt", "a_]0;owned__.txt"),
        ("x" * 300 + ".txt", "x" * 96 + ".txt"),
    ],
)
def test_an_agent_cannot_say_where_a_file_goes(name: str, clean: str, tmp_path: Path) -> None:
    file = File(name, "text/\x1b[2J", b"")
    assert file.save(tmp_path / "new") == tmp_path / "new" / clean
    assert str(file) == f"{clean} (text/_[2J, 0 bytes)"


@pytest.mark.parametrize("content", [{}, {"name": "a", "mediaType": "b", "data": ["no base64"]}, {"data": 5}])
def test_what_is_no_file_is_an_error(content: dict[str, Any]) -> None:
    event = ActivitySnapshotEvent(message_id="f", activity_type="file", content=content)
    with pytest.raises(ValueError):
        file_of(event)


def test_a_tool_call_is_told(ask: Ask) -> None:
    (call,) = (e for e in ask('call echo {"text": "hi"}', new_session()) if isinstance(e, ToolCallStartEvent))
    assert call.tool_call_name == "echo"


def test_a_session_remembers(ask: Ask) -> None:
    session = new_session()
    ask("Count to 3", session)
    assert "Count to 3" in text(ask("What was my first question?", session))


def test_a_failed_turn_is_one_error_and_the_session_goes_on(ask: Ask, local_model: LocalModel) -> None:
    session = new_session()
    local_model.faults.append(Fault("error", after=10))
    with pytest.raises(AgentError) as failed:
        ask("Count to 500", session)
    assert failed.value.code == "model_error"
    assert text(ask("What did I ask before?", session)) == "This is your first question."


def test_a_refused_question_is_an_error(ask: Ask) -> None:
    with pytest.raises(AgentError, match="blank") as refused:
        ask(" ", new_session())
    assert refused.value.code == "invalid_prompt"


def test_events_come_while_the_model_still_answers(url: str, local_model: LocalModel) -> None:
    with closing(AgentClient(url).stream("Count to 500", new_session())) as turn:
        next(event for event in turn if isinstance(event, TextMessageContentEvent))
        assert local_model.requests[0].ended is None
        assert local_model.requests[0].sent < 100


def test_closing_the_turn_ends_the_model_call(url: str, local_model: LocalModel, eventually: Eventually) -> None:
    async def leave() -> None:
        async with aclosing(AsyncAgentClient(url).stream("Count to 9000", new_session())) as turn:
            await anext(event async for event in turn if isinstance(event, TextMessageContentEvent))

    with closing(AgentClient(url).stream("Count to 9000", new_session())) as turn:
        next(event for event in turn if isinstance(event, TextMessageContentEvent))
    asyncio.run(leave())
    eventually(lambda: [request.ended for request in local_model.requests] == ["closed by client"] * 2)


@contextmanager
def answering(stream: str, promised: int) -> Iterator[str]:
    """An address that promises a stream of so many bytes, sends this one, and hangs up."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {promised}\r\n\r\n"

    def answer() -> None:
        with listener.accept()[0] as client:
            listener.close()
            client.recv(65536)
            client.sendall(f"{head}{stream}".encode())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_broken_connection_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PATIENCE", 0.5)
    with answering("", 999) as url, pytest.raises(AgentError) as lost:
        list(AgentClient(url).stream("Hello", new_session()))
    assert lost.value.code == "connection_lost"


def test_an_event_of_a_kind_that_is_not_known_is_passed_over() -> None:
    stream = 'data: {"type": "FROM_THE_FUTURE"}\n\ndata: {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}\n\n'
    with answering(stream, len(stream)) as url:
        (event,) = AgentClient(url).stream("Hello", new_session())
    assert isinstance(event, RunFinishedEvent)


def test_an_agent_that_is_not_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(AgentError) as absent:
        list(AgentClient(url).stream("Hello", new_session()))
    assert absent.value.code == "unreachable"


class Cutting:
    """A way to the agent on which every connection breaks, after a number of bytes that `random` draws."""

    def __init__(self, url: str, random: Random) -> None:
        self._agent = ("127.0.0.1", urlsplit(url).port or 0)
        self._random = random
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # which wakes its thread
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                size = self._random.choice([0, 200, 500, 3000])
                Thread(target=self._join, args=[client, size], daemon=True).start()

    def _join(self, client: socket.socket, size: int) -> None:
        with client, socket.create_connection(self._agent) as agent:
            there = Thread(target=self._pass_on, args=[client, agent, 1_000_000 if size else 0])
            there.start()
            self._pass_on(agent, client, size)
            there.join()

    def _pass_on(self, source: socket.socket, target: socket.socket, size: int) -> None:
        with suppress(OSError):
            while size > 0 and (data := source.recv(min(size, 65536))):
                target.sendall(data)
                size -= len(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("seed", range(5))
def test_no_event_is_lost_or_doubled_when_connections_break(url: str, seed: int) -> None:
    with closing(Cutting(url, Random(seed))) as way:
        for client, to in ((AgentClient(way.url), 40), (AsyncAgentClient(way.url), 41)):
            events = read(client, f"Count to {to}", session := new_session())
            assert text(events) == " ".join(map(str, range(1, to + 1)))
            assert [event.type.value for event in events].count("RUN_STARTED") == 1
            assert len(AgentClient(url).history(session).messages) == 2
        assert way.connections > 2


def read(client: AgentClient | AsyncAgentClient, prompt: str, session: str) -> list[Event]:
    """One turn of either client, read to its end."""
    if isinstance(client, AgentClient):
        return list(client.stream(prompt, session))

    async def read_async() -> list[Event]:
        return [event async for event in client.stream(prompt, session)]

    return asyncio.run(read_async())


class TestAPause:
    @pytest.fixture(params=["sync", "async"])
    def answered(self, request: pytest.FixtureRequest, url: str) -> Callable[[str, Answer], str]:
        """What the tool returns when the person answers so."""

        def ask(prompt: str, answer: Answer) -> str:
            if request.param == "sync":
                return result(list(AgentClient(url).stream(prompt, new_session(), approve=lambda _: answer)))
            return result(asyncio.run(ask_async(prompt, answer)))

        async def ask_async(prompt: str, answer: Answer) -> list[Event]:
            async def approve(_: Interrupt) -> Answer:
                return answer

            stream = AsyncAgentClient(url).stream(prompt, new_session(), approve=approve)
            return [event async for event in stream]

        def result(events: list[Event]) -> str:
            (content,) = (str(event.content) for event in events if isinstance(event, ToolCallResultEvent))
            return content

        return ask

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (True, "sent to Ann"),
            ({"approved": True, "editedArgs": {"to": "Bob", "text": "Hi"}}, "sent to Bob"),
            (False, "Error: the user declined this."),
            ({"approved": False, "reason": "too early"}, "Error: the user declined this: too early"),
            (None, "Error: the user cancelled this."),
        ],
    )
    def test_a_tool_waits_for_approval(self, answered: Callable[[str, Answer], str], answer: Answer, told: str) -> None:
        assert answered(SEND, answer) == told

    def test_another_client_answers(self, url: str) -> None:
        client, session = AgentClient(url), new_session()
        events = list(client.stream(SEND, session))
        assert isinstance(events[-1], RunFinishedEvent)
        (interrupt,) = client.history(session).interrupts
        assert interrupt.message == "Send Hello to Ann?"
        with pytest.raises(AgentError) as pending:
            list(client.stream("Count to 3", session))
        assert pending.value.code == "interrupt_pending"
        assert "sent to Ann" in text(list(client.resume(session, {interrupt.id: True})))
        assert client.history(session).interrupts == []

    def test_it_is_cancelled(self, url: str) -> None:
        client, session = AgentClient(url), new_session()
        list(client.stream(SEND, session))
        assert client.cancel(session) == "cancelled"
        assert text(list(client.stream("Count to 3", session))) == "1 2 3"


def test_a_run_is_followed_and_cancelled_from_elsewhere(url: str) -> None:
    client, session = AgentClient(url), new_session()
    with closing(client.stream("Count to 9000", session)) as turn:
        next(event for event in turn if isinstance(event, TextMessageContentEvent))
        running = client.history(session).running
        assert running
        with closing(client.follow(session, running)) as followed:
            assert next(followed).type.value == "RUN_STARTED"
            assert client.cancel(session, running) == "cancelled"
            *_, last = followed
    assert isinstance(last, RunFinishedEvent)
    assert last.outcome is not None
    assert last.outcome.type == "cancelled"
    with pytest.raises(AgentError) as unknown:
        client.cancel(session, "no-run")
    assert unknown.value.code == "no_such_run"


class TestADeployedAgent:
    @pytest.fixture(autouse=True)
    def _account(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")  # of the offline tools
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token-of-the-session")

    def sent(self, client: AgentClient) -> httpx2.Request:
        """A request as it would leave."""
        body = {"prompt": "Hello"}
        headers = {"accept": "text/event-stream", "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": "s" * 33}
        request = httpx2.Request("POST", client.url, json=body, headers=headers)
        assert client.auth is not None
        return next(client.auth.sync_auth_flow(request))

    def test_a_bearer_token_goes_along(self) -> None:
        request = self.sent(AgentClient.deployed(ARN, "abc", endpoint="live"))
        assert request.headers["authorization"] == "Bearer abc"
        assert str(request.url) == (
            "https://bedrock-agentcore.eu-west-1.amazonaws.com/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aeu-west-1%3A"
            "123456789012%3Aruntime%2Fmy_agent-AbCdEf1234/invocations?qualifier=live"
        )

    def test_the_signature_is_the_one_that_boto3_makes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: datetime(2030, 1, 2, 3, 4, 5))
        request = self.sent(AgentClient.deployed(ARN))
        theirs = signed_by_boto3(request)
        assert str(request.url) == theirs.url
        assert request.headers["x-amz-security-token"] == "token-of-the-session"
        assert request.headers["authorization"] == theirs.headers["Authorization"].decode()

    def test_what_is_no_arn_is_refused(self) -> None:
        with pytest.raises(ValueError, match="my-agent"):
            AgentClient.deployed("my-agent")


def signed_by_boto3(request: httpx2.Request) -> AWSPreparedRequest:
    """What boto3 would send for the same call."""
    sent: list[AWSPreparedRequest] = []

    def keep(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 500, {}, None)

    client = boto3.Session().client("bedrock-agentcore", region_name="eu-west-1")  # the default one keeps credentials
    client.meta.events.register("before-send", keep)
    with pytest.raises(Exception):  # noqa: B017
        client.invoke_agent_runtime(
            agentRuntimeArn=ARN,
            qualifier="DEFAULT",
            runtimeSessionId=request.headers["X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"],
            contentType="application/json",
            accept="text/event-stream",
            payload=request.content,
        )
    return sent[0]
