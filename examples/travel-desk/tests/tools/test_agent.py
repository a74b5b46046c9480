"""The tool that asks other agents, against an agent on loopback that says what each test wants."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from ag_ui.core import Event
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from travel_desk.errors import BadSetting
from travel_desk.tools import agent as tool_module
from travel_desk.tools.agent import AgentConfig, OtherAgent, agent_tools
from travel_desk.tools.files import MAX_BYTES, File, Files, giving
from travel_desk.tools.progress import CurrentCall, current_call

from local_model.serving import served
from local_model.tools.agent import OFFLINE

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
PLACE = {"taskId": "task-1", "contextId": "c"}
ARN = "arn:aws:bedrock-agentcore:eu-central-1:123456789012:runtime/weather-abc123"
BEGUN = {"task": {"id": "task-1", "contextId": "c", "status": {"state": "TASK_STATE_WORKING"}}}


def piece(text: str, *, id: str = "a", append: bool = True) -> dict[str, Any]:
    artifact = {"artifactId": id, "parts": [{"text": text}]}
    return {"artifactUpdate": {**PLACE, "artifact": artifact, "append": append}}


def state(name: str, text: str = "") -> dict[str, Any]:
    message = {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": text}]}
    status = {"state": f"TASK_STATE_{name}"} | ({"message": message} if text else {})
    return {"statusUpdate": {**PLACE, "status": status}}


@dataclass
class Peer:
    """Another agent: what it says, and what it was sent."""

    says: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    streams: bool = True
    hangs: bool = False
    version: str = "1.0"
    card: Any = ""
    card_url: str = ""
    answers: Response | None = None
    card_status: int = 200
    url: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[Request, bytes]] = field(default_factory=list)

    async def describe(self, request: Request) -> Response:
        self.requests.append((request, b""))
        interface = {"url": self.card_url or self.url, "protocolBinding": "JSONRPC", "protocolVersion": self.version}
        card = {"name": "peer", "description": "x", "version": "1", "supportedInterfaces": [interface], "skills": []}
        card |= {"capabilities": {"streaming": self.streams}, "defaultInputModes": [], "defaultOutputModes": []}
        return JSONResponse(card if self.card == "" else self.card, self.card_status)

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        self.requests.append((request, body))
        call = json.loads(body)
        self.calls.append(call)
        head = {"jsonrpc": "2.0", "id": call["id"]}
        if self.answers:
            return self.answers
        if self.error:
            return JSONResponse(head | {"error": self.error})
        if call["method"] == "CancelTask":
            return JSONResponse(head | {"result": {"id": "task-1", "status": {"state": "TASK_STATE_CANCELED"}}})
        if not self.streams:
            return JSONResponse(head | {"result": self.says[0]})
        return StreamingResponse(self._stream(head), media_type="text/event-stream")

    async def _stream(self, head: dict[str, Any]) -> AsyncIterator[str]:
        for result in self.says:
            yield f"data: {json.dumps(head | {'result': result})}\n\n"
        if self.hangs:
            await asyncio.sleep(30)

    @property
    def methods(self) -> list[str]:
        return [call["method"] for call in self.calls]


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    routes = [
        Route("/{path:path}.well-known/agent-card.json", peer.describe, methods=["GET"]),
        Route("/{path:path}", peer.answer, methods=["POST"]),
    ]
    with served(Starlette(routes=routes)) as peer.url:
        yield peer


@dataclass
class Asked:
    """What came of a question: the answer, what was told of it meanwhile, or why there is none."""

    text: str
    events: list[Any]
    files: list[File] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [event.type.value for event in self.events]

    @property
    def told(self) -> str:
        return "".join(event.delta for event in self.events if event.type.value == "TEXT_MESSAGE_CONTENT")


def ask(address: str, *, seconds: float = 20, **config: Any) -> Asked:
    """Ask the agent there, as a call of the tool does."""
    events: list[Any] = []
    given = Files()

    async def asking() -> str:
        giving.set(lambda file: given.add("call-1", file))
        current_call.set(CurrentCall("call-1", lambda event: events.append(EVENT.validate_json(event))))
        agent = OtherAgent("peer", AgentConfig(address=address, **config))
        try:
            async with asyncio.timeout(seconds):
                return await agent.ask("Hello?")
        except (ValueError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            await asyncio.gather(*agent._cancelling)

    text = asyncio.run(asking())
    assert events[0].type.value == "SUBAGENT_STARTED"
    assert {event.subagent_run_id for event in events} == {events[0].subagent_run_id}
    return Asked(text, events, given.of("call-1"))


def test_an_answer_is_told_piece_by_piece_and_is_the_result(peer: Peer) -> None:
    peer.says = [BEGUN, piece("It is ", append=False), piece("21 °C\u2028."), state("COMPLETED")]
    asked = ask(peer.url)
    assert asked.text == asked.told == "It is 21 °C\u2028."
    assert asked.kinds == [
        "SUBAGENT_STARTED", "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END", "SUBAGENT_FINISHED",
    ]  # fmt: skip
    assert asked.events[0].parent_tool_call_id == "call-1"
    assert peer.methods == ["SendStreamingMessage"]


def test_several_artifacts_are_several_messages(peer: Peer) -> None:
    peer.says = [BEGUN, piece("One.", append=False), piece("Two.", id="b", append=False), state("COMPLETED")]
    asked = ask(peer.url)
    assert asked.text == "One.\n\nTwo."
    assert asked.kinds.count("TEXT_MESSAGE_START") == asked.kinds.count("TEXT_MESSAGE_END") == 2


def test_what_is_told_again_as_a_whole_is_told_once(peer: Peer) -> None:
    whole = {"artifactId": "a", "parts": [{"text": "It is 21 °C."}]}
    done = {**BEGUN["task"], "artifacts": [whole], "status": {"state": "TASK_STATE_COMPLETED"}}
    peer.says = [BEGUN, piece("It is ", append=False), {"task": done}]
    asked = ask(peer.url)
    assert asked.text == asked.told == "It is 21 °C."


@pytest.mark.parametrize(
    "said",
    [
        {"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": "Hi."}]}},
        {"task": {**state("COMPLETED", "Hi.")["statusUpdate"], "id": "task-1"}},
    ],
)
@pytest.mark.parametrize("streams", [True, False])
def test_an_agent_that_answers_all_at_once(peer: Peer, said: dict[str, Any], streams: bool) -> None:
    said = {kind: {key: value for key, value in each.items() if key != "taskId"} for kind, each in said.items()}
    peer.says, peer.streams = [said], streams
    assert ask(peer.url).text == "Hi."


def test_data_and_files_are_words(peer: Peer) -> None:
    parts = [{"data": {"city": "Paris"}}, {"raw": "aGk=", "filename": "map.png", "mediaType": "image/png"}]
    artifact = {"artifactId": "a", "parts": parts}
    peer.says = [BEGUN, {"artifactUpdate": {**PLACE, "artifact": artifact}}, state("COMPLETED")]
    assert ask(peer.url).text == '{"city": "Paris"}(file map.png)'


def part(name: str, data: bytes = b"hi", kind: str = "image/png") -> dict[str, str]:
    return {"raw": base64.b64encode(data).decode(), "filename": name, "mediaType": kind}


def of_files(*parts: dict[str, str], id: str = "a", append: bool = False) -> dict[str, Any]:
    return {"artifactUpdate": {**PLACE, "artifact": {"artifactId": id, "parts": list(parts)}, "append": append}}


def test_its_files_are_passed_on(peer: Peer) -> None:
    peer.says = [
        *[BEGUN, of_files(part("map.png")), of_files(part("map.png", b"new"))],
        *[of_files(part("a.csv", kind="text/csv; charset=utf-8"), append=True), of_files(part(""), id="b")],
        state("COMPLETED"),
    ]
    asked = ask(peer.url)

    assert [(file.name, file.media_type, file.data) for file in asked.files] == [
        *[("map.png", "image/png", b"new"), ("a.csv", "text/csv", b"hi"), ("file", "image/png", b"hi")],
    ]


def test_a_file_that_cannot_be_passed_on_is_named(peer: Peer) -> None:
    parts = [part("../big\n.bin", bytes(MAX_BYTES + 1)), part("odd.png", kind="image"), part("small.png")]
    peer.says = [BEGUN, of_files(*parts), state("COMPLETED", "Here.")]
    asked = ask(peer.url)

    assert "The file big_.bin (image/png, 4,000,001 bytes) is too large" in asked.text
    assert "The file odd.png has no media type such as text/csv: 'image'." in asked.text
    assert [file.name for file in asked.files] == ["small.png"]


def test_an_agent_that_fails_gives_no_files(peer: Peer) -> None:
    peer.says = [BEGUN, of_files(part("map.png")), state("FAILED", "No.")]
    assert ask(peer.url).files == []


@pytest.mark.parametrize("name", ["INPUT_REQUIRED", "AUTH_REQUIRED"])
def test_a_question_to_a_person_is_an_error_and_the_task_is_cancelled(peer: Peer, name: str) -> None:
    peer.says = [BEGUN, state(name, "May I send it?")]
    asked = ask(peer.url)
    reason = "needs a person's answer before it goes on, and nobody can give one here: May I send it?"
    assert asked.text == f"NoAnswer: The agent peer {reason}"
    assert asked.kinds == ["SUBAGENT_STARTED", "SUBAGENT_ERROR"]
    assert peer.methods == ["SendStreamingMessage", "CancelTask"]


@pytest.mark.parametrize("name", ["FAILED", "REJECTED", "CANCELED"])
def test_a_task_that_fails(peer: Peer, name: str) -> None:
    peer.says = [BEGUN, piece("It is", append=False), state(name, "No data.")]
    asked = ask(peer.url)
    assert asked.text == "NoAnswer: The agent peer failed: No data."
    assert asked.kinds[-2:] == ["TEXT_MESSAGE_END", "SUBAGENT_ERROR"]
    assert peer.methods == ["SendStreamingMessage"]


def test_a_stream_that_ends_early_is_no_answer(peer: Peer) -> None:
    peer.says = [BEGUN, piece("It is", append=False)]
    assert "broke before its answer was complete" in ask(peer.url).text


@pytest.mark.parametrize("code", [-32602, -32603, -32000, 7, "x"])
@pytest.mark.parametrize("version", ["1.0", "0.3"])
def test_a_refusal_is_told_in_the_agents_words(peer: Peer, code: Any, version: str) -> None:
    peer.error, peer.version = {"code": code, "message": "Too many words."}, version
    assert ask(peer.url).text == "NoAnswer: The agent peer refused the question: Too many words."


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (403, {"message": "Not you."}, "refused the question: HTTP 403: Not you."),
        (400, {"error": {"code": 1, "message": "Not so."}}, "refused the question: HTTP 400: Not so."),
        (500, [], "refused the question: HTTP 500"),
        (404, {}, "is not at its address: HTTP 404."),
    ],
)
def test_a_refusal_by_http_is_told_with_its_status(peer: Peer, status: int, body: Any, reason: str) -> None:
    peer.answers = JSONResponse(body, status)
    assert ask(peer.url).text == f"NoAnswer: The agent peer {reason}"


@pytest.mark.parametrize("body", ["x", [], None, {}, {"result": None}, {"result": {}}, {"result": {"task": 5}}])
@pytest.mark.parametrize("streams", [True, False])
def test_what_is_not_a2a_is_said_in_plain_words(peer: Peer, body: Any, streams: bool) -> None:
    peer.answers, peer.streams = JSONResponse(body), streams
    told = ask(peer.url).text
    assert told in (
        "NoAnswer: The agent peer does not speak A2A.",
        "NoAnswer: The connection to the agent peer broke before its answer was complete.",
    )


@pytest.mark.parametrize("card", ["x", [], None, 5, {}, {"supportedInterfaces": 5}, {"skills": 5}])
def test_what_is_no_card_is_said_in_plain_words(peer: Peer, card: Any) -> None:
    peer.card = card
    told = ask(peer.url).text
    assert told in (
        "NoAnswer: The agent peer does not speak A2A.",
        "NoAnswer: The agent peer offers no JSON-RPC, in which it would be asked.",
    )


def test_an_agent_with_another_transport_is_not_asked(peer: Peer) -> None:
    peer.card = {"name": "x", "supportedInterfaces": [{"url": peer.url, "protocolBinding": "GRPC"}]}
    assert ask(peer.url).text == "NoAnswer: The agent peer offers no JSON-RPC, in which it would be asked."


def test_an_answer_that_is_too_long(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_module, "MAX_ANSWER_CHARACTERS", 10)
    peer.says = [BEGUN, piece("123456789", append=False), piece("123456789")]
    asked = ask(peer.url)
    assert asked.text == "NoAnswer: The agent peer says more than 10 characters."
    assert peer.methods[-1] == "CancelTask"


def test_a_response_that_is_too_large(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_module, "MAX_BYTES", 2000)
    peer.says = [BEGUN, piece("x" * 3000, append=False)]
    assert ask(peer.url).text == "NoAnswer: The agent peer sends more than 2000 bytes."


def test_a_call_that_is_left_cancels_the_task(peer: Peer) -> None:
    peer.says, peer.hangs = [BEGUN, piece("It is", append=False)], True
    asked = ask(peer.url, seconds=1)
    assert asked.text.startswith("TimeoutError")
    assert asked.kinds[-2:] == ["TEXT_MESSAGE_END", "SUBAGENT_ERROR"]
    assert peer.methods == ["SendStreamingMessage", "CancelTask"]


def test_nobody_there() -> None:
    assert ask("http://127.0.0.1:1").text == "NoAnswer: The agent peer does not answer."


def test_no_card(peer: Peer) -> None:
    peer.card_status = 404
    assert ask(peer.url).text == "NoAnswer: The agent peer is not at its address: HTTP 404."


def test_headers_go_to_the_address_alone_whatever_the_card_says(peer: Peer) -> None:
    peer.says, peer.card_url = [BEGUN, piece("Hi.", append=False), state("COMPLETED")], "http://elsewhere.invalid/a2a"
    assert ask(peer.url, headers={"X-Key": "secret"}).text == "Hi."
    assert [request.headers["x-key"] for request, _ in peer.requests] == ["secret", "secret"]


@pytest.mark.parametrize(
    ("address", "card_url", "asked"),
    [
        ("", "/a2a", "/a2a"),
        ("/teams/a", "/teams/a/rpc", "/teams/a/rpc"),
        ("/teams/a", "/teams/a/", "/teams/a/"),
        ("/teams/a", "/teams/b", "/teams/a"),
        ("/teams/a", "/teams/ab", "/teams/a"),
        ("/teams/a", "/teams/a/../b", "/teams/a"),
        ("/teams/a", "/teams/a/%2e%2e/b", "/teams/a"),
    ],
)
def test_a_card_leads_below_the_address_and_not_beside_it(peer: Peer, address: str, card_url: str, asked: str) -> None:
    peer.says = [BEGUN, piece("Hi.", append=False), state("COMPLETED")]
    peer.card_url = peer.url + card_url
    assert ask(peer.url + address).text == "Hi."
    assert peer.requests[-1][0].url.path == asked


def test_a_runtime_is_asked_with_a_signature(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_module, "_endpoint", lambda region: peer.url)
    for name, value in {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    peer.says = [BEGUN, piece("Hi.", append=False), state("COMPLETED")]
    assert ask(ARN).text == "Hi."
    sessions = set()
    for request, body in peer.requests:
        path = request.scope["raw_path"].decode()
        assert path.startswith(f"/runtimes/{ARN.replace(':', '%3A').replace('/', '%2F')}/invocations")
        assert request.headers["authorization"] == signature(request, f"{peer.url}{path}", body)
        sessions.add(request.headers["x-amzn-bedrock-agentcore-runtime-session-id"])
    assert len(sessions) == 1 and len(sessions.pop()) >= 33


def test_a_runtime_whose_headers_let_us_in_is_asked_without_a_signature(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_module, "_endpoint", lambda region: peer.url)
    peer.says = [BEGUN, piece("Hi.", append=False), state("COMPLETED")]
    assert ask(ARN, headers={"Authorization": "Bearer token"}).text == "Hi."
    assert [request.headers["authorization"] for request, _ in peer.requests] == ["Bearer token"] * 2


def signature(request: Request, url: str, body: bytes) -> str:
    """The `Authorization` that AWS would expect of the request."""
    names = request.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    headers = {name: request.headers[name] for name in names if name != "host"}
    expected = AWSRequest(request.method, url, data=body, headers=headers)
    expected.context["timestamp"] = request.headers["x-amz-date"]
    signer = SigV4Auth(Credentials("AKID", "secret"), "bedrock-agentcore", "eu-central-1")
    text = signer.string_to_sign(expected, signer.canonical_request(expected))
    head, _, _ = request.headers["authorization"].rpartition("Signature=")
    return f"{head}Signature={signer.signature(text, expected)}"


HEADERS: dict[str, Any] = {"address": "http://x", "headers": {}}


@pytest.mark.parametrize(
    ("agents", "problem"),
    [
        ("{", "EOF"),
        ("[]", "should be an object"),
        ('"x"', "should be an object"),
        ('{"a": "http://x"}', "a: "),
        ('{"a b": {"address": "http://x"}}', "a b"),
        ('{"a": {}}', "a.address: Field required"),
        ('{"a": {"address": "http://x", "b": 1}}', "a.b: Extra"),
        *(
            (json.dumps({"a": {"address": address}}), "a.address: give a URL")
            for address in [
                *("", "x", "http://", "http:///x", "http://x:99999", "http://x y", "ftp://x", "http://x/?a=1"),
                *("arn:aws:s3:::bucket", ARN.replace("123456789012", "1"), ARN.replace("runtime", "memory")),
                f"{ARN}/runtime-endpoint/x",
            ]
        ),
        *(
            (json.dumps({"a": HEADERS | {"headers": headers}}), f"a.headers: {problem}")
            for headers, problem in [
                ({"X-Key": "a\nb"}, "the value of X-Key"),
                ({"X-Key": "schlüssel"}, "the value of X-Key"),
                ({"X-Key": ""}, "the value of X-Key"),
                ({"X Key": "a"}, "'X Key' is no header"),
                ({"Content-Length": "3"}, "'Content-Length' is no header"),
                ({"X-Key": "${NO_SUCH_KEY}"}, "the environment has no NO_SUCH_KEY"),
            ]
        ),
    ],
)  # fmt: skip
def test_agents_that_cannot_be_read_are_refused_in_one_line(
    agents: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTS", agents)
    with pytest.raises(BadSetting) as refused:
        agent_tools()
    told = str(refused.value)
    assert told.startswith("AGENTS cannot be used: ") and problem in told and "\n" not in told


def test_nothing_starts_with_agents_that_cannot_be_read() -> None:
    command = [sys.executable, "-m", "dev.serve", "--offline", "--port", "0"]
    environment = os.environ | {"AGENTS": "{"}
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert run.stderr.splitlines()[-1].startswith("AGENTS cannot be used: ")


def test_a_key_may_have_any_characters_and_no_error_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", 'quoted " and \\ more')
    weather: dict[str, object] = {"address": "http://127.0.0.1:9", "headers": {"X-Key": "${KEY}"}}
    monkeypatch.setenv("AGENTS", json.dumps({"weather": weather}))
    assert [each.name for each in agent_tools()] == ["ask_weather"]
    monkeypatch.setenv("AGENTS", json.dumps({"weather": weather | {"header": {"X-Key": "secret"}}}))
    with pytest.raises(BadSetting, match="header") as refused:
        agent_tools()
    assert "secret" not in str(refused.value)


def test_each_agent_is_a_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    agents = {"a": {"address": "http://x", "description": "Knows."}, "b": {"address": ARN}}
    monkeypatch.setenv("AGENTS", json.dumps(agents))
    first, second = agent_tools()
    assert (first.name, second.name) == ("ask_a", "ask_b")
    assert first.description.strip() == "Ask the agent a, and get its answer. Knows."
    assert first.parameters["required"] == ["question"]
    monkeypatch.delenv("AGENTS")
    assert agent_tools() == []


SERVED = """
import os
from local_model.server import running
from local_model.serving import served
from tests.agent_client import AgentClient, assert_well_formed

with running(pace=0) as model:
    os.environ.update({name: value for name, value in model.environment().items() if value is not None})
    from travel_desk.server.app import create_app
    from travel_desk.settings import Settings

    with served(create_app(Settings())) as url, AgentClient(url) as client:
        answer = client.ask("Ask the guide agent: what can you do?")
        assert_well_formed(answer)
        print("[" + ",".join(event.model_dump_json(by_alias=True) for event in answer.events) + "]")
"""


def test_the_run_tells_the_other_agents_answer_as_a_subagents() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "AGENTS"}
    command = [sys.executable, "-c", SERVED]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert run.returncode == 0, run.stderr
    events = json.loads(run.stdout)
    kinds = [event["type"] for event in events]
    started, result = events[kinds.index("SUBAGENT_STARTED")], events[kinds.index("TOOL_CALL_RESULT")]
    assert started["parentToolCallId"] == result["toolCallId"]
    pieces = [event for event in events if event["type"] == "TEXT_MESSAGE_CONTENT"]
    told = [event["delta"] for event in pieces if event.get("subagentRunId") == started["subagentRunId"]]
    assert len(told) > 3 and "".join(told) == result["content"] == "A guide was asked: what can you do?"
    assert kinds.index("SUBAGENT_FINISHED") < kinds.index("TOOL_CALL_RESULT")
    assert "A guide was asked" in "".join(event["delta"] for event in pieces if not event.get("subagentRunId"))


def test_the_local_model_asks_the_guide() -> None:
    assert OFFLINE.arguments("Ask the guide agent: what can you do?") == [{"question": "what can you do?"}]
    assert OFFLINE.arguments("What time is it?") == []
