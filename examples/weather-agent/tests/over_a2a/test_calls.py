"""A2A on the wire: the card, JSON-RPC's errors, version 0.3, and who is let in."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from a2a.server.context import ServerCallContext
from a2a.types import SendMessageRequest, TaskState
from a2a.utils.errors import TaskNotFoundError
from starlette.testclient import TestClient

from weather_agent import agent
from weather_agent.over_a2a.handler import Handler
from weather_agent.over_a2a.server import A2AServer, create_app
from weather_agent.server.streaming import SESSION_HEADER
from weather_agent.settings import Settings
from weather_agent.tools import TOOLS

from .peer import message
from dev.local_only import LocalOnly
from local_model.server import LocalModel


def post(url: str, body: Any, **headers: str) -> Any:
    """The answer to a body, at once."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(url, content=content, headers=headers, trust_env=False, timeout=30)


def call(url: str, method: str, params: dict[str, Any], version: str = "1.0", **headers: str) -> Any:
    """A call of JSON-RPC, and its answer."""
    body = {"jsonrpc": "2.0", "id": "one", "method": method, "params": params}
    answer = post(url, body, **{"A2A-Version": version}, **headers)
    assert answer.status_code == 200
    return answer.json()


def text(words: str, **more: Any) -> dict[str, Any]:
    """The parameters of a message of version 1.0."""
    return {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": words}], **more}}


def old(words: str, **more: Any) -> dict[str, Any]:
    """The parameters of a message of version 0.3."""
    parts = [{"kind": "text", "text": words}]
    return {"message": {"kind": "message", "messageId": "m", "role": "user", "parts": parts, **more}}


def test_the_card_says_what_the_agent_can_do_and_where(agent_url: str) -> None:
    card = httpx.get(f"{agent_url}/.well-known/agent-card.json", trust_env=False).json()

    assert {(each["url"], each["protocolVersion"]) for each in card["supportedInterfaces"]} == {
        (f"{agent_url}/", "1.0"),
        (f"{agent_url}/", "0.3"),
    }
    assert card["capabilities"]["streaming"] is True and card["url"] == f"{agent_url}/"
    assert {skill["id"] for skill in card["skills"]} == {"ask", *(tool.name for tool in TOOLS)}


@pytest.mark.parametrize(("headers", "user"), [({"WorkloadAccessToken": "Ada"}, "Ada"), ({}, "nobody")])
def test_the_users_workload_token_reaches_tools(
    agent_url: str, local_model: LocalModel, headers: dict[str, str], user: str
) -> None:
    task = call(agent_url, "SendMessage", text("call user {}"), **headers)["result"]["task"]
    assert f"for {user}" in str(task["artifacts"])


def test_a_deployed_agent_is_where_agentcore_says(agent_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTCORE_RUNTIME_URL", "https://runtime.example/invocations/")

    card = httpx.get(f"{agent_url}/.well-known/agent-card.json", trust_env=False).json()

    assert card["supportedInterfaces"][0]["url"] == "https://runtime.example/invocations/"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"[" * 10_000, -32700),
        ([], -32600),
        ({"id": 1, "method": "SendMessage"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "Nothing"}, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": 5}}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {"messageId": "m"}}}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": text(" ")}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": text("a", contextId="b b")}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "none"}}, -32001),
        (b'"' + b" " * 5_000_000 + b'"', -32600),
    ],
)
def test_a_bad_call_is_an_error_of_json_rpc(agent_url: str, local_model: LocalModel, body: Any, code: int) -> None:
    answer = post(agent_url, body, **{"A2A-Version": "1.0"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (200, code)
    assert local_model.requests == []


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({"acceptedOutputModes": ["image/png"]}, -32005),
        ({"taskPushNotificationConfig": {"url": "https://example.com/told"}}, -32003),
        ({"historyLength": -1}, -32602),
    ],
)
def test_what_the_agent_does_not_offer_is_refused(
    agent_url: str, local_model: LocalModel, configuration: dict[str, Any], code: int
) -> None:
    for method in ("SendMessage", "SendStreamingMessage"):
        answer = call(agent_url, method, text("Count to 3") | {"configuration": configuration})
        assert answer["error"]["code"] == code
    assert local_model.requests == []


def test_the_session_of_agentcore_is_the_context_of_a_message_without_one(
    agent_url: str, local_model: LocalModel
) -> None:
    session = str(uuid4())
    call(agent_url, "SendMessage", text("My colour is green"), **{SESSION_HEADER: session})
    answer = call(agent_url, "SendMessage", text("What did I ask before?"), **{SESSION_HEADER: session})

    task = answer["result"]["task"]
    assert task["contextId"] == session and "My colour is green" in task["artifacts"][0]["parts"][0]["text"]


def test_agentcore_does_not_pass_the_version_on(agent_url: str, local_model: LocalModel) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": text("Count to 3")}

    assert post(agent_url, body).json()["result"]["task"]["artifacts"][0]["parts"] == [{"text": "1 2 3"}]
    assert post(agent_url, body | {"method": ["SendMessage"]}).json()["error"]["code"] == -32600
    assert post(agent_url, body, **{"A2A-Version": "7.0"}).json()["error"]["code"] == -32009


def test_the_names_of_version_0_3_work_too(agent_url: str, local_model: LocalModel, sent: list[Any]) -> None:
    asked = call(agent_url, "message/send", old('call send {"to": "Ada", "text": "hi"}'), "0.3")["result"]
    assert (asked["kind"], asked["status"]["state"]) == ("task", "input-required")

    done = call(agent_url, "message/send", old("yes", taskId=asked["id"]), "0.3")["result"]
    assert done["status"]["state"] == "completed" and sent == [("Ada", "hi")]
    assert call(agent_url, "tasks/get", {"id": asked["id"]}, "0.3")["result"]["id"] == asked["id"]
    assert call(agent_url, "tasks/cancel", {"id": asked["id"]}, "0.3")["error"]["code"] == -32002

    body = {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": old("Count to 5")}
    lines = post(agent_url, body).text.splitlines()
    told = [json.loads(line.removeprefix("data: "))["result"] for line in lines if line.startswith("data: ")]
    pieces = [part["text"] for each in told if each["kind"] == "artifact-update" for part in each["artifact"]["parts"]]
    assert "".join(pieces) == "1 2 3 4 5" and told[-1]["final"] and told[-1]["status"]["state"] == "completed"


def test_pages_of_other_sites_are_refused(local_model: LocalModel) -> None:
    client = TestClient(LocalOnly(create_app(Settings())))
    body = {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": old("Count to 3")}
    headers = {"host": "127.0.0.1:9000", "origin": "https://evil.example", "content-type": "text/plain"}

    assert client.post("/", content=json.dumps(body), headers=headers).status_code == 403
    assert client.get("/.well-known/agent-card.json", headers={"host": "evil.example"}).status_code == 403
    assert local_model.requests == []


def test_a_task_is_known_again_as_long_as_its_session_waits(local_model: LocalModel, sent: list[Any]) -> None:
    """A process that has the session, and not the task, is one that began after it."""

    async def work() -> tuple[Any, Any]:
        service = A2AServer(Settings(), agent.answer)._service
        before, after = Handler(service, 10), Handler(service, 10)
        context = ServerCallContext()
        question = message('call send {"to": "Ada", "text": "hi"}')
        asked = await before.on_message_send(SendMessageRequest(message=question), context)
        answer = message("yes", task=asked.id, context=asked.context_id)
        done = await after.on_message_send(SendMessageRequest(message=answer), context)
        again = message("yes", task="another", context=asked.context_id)
        with pytest.raises(TaskNotFoundError):
            await after.on_message_send(SendMessageRequest(message=again), context)
        return asked, done

    asked, done = asyncio.run(work())

    assert asked.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
    assert (done.id, done.status.state) == (asked.id, TaskState.TASK_STATE_COMPLETED) and sent == [("Ada", "hi")]
