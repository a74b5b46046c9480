"""For which user a request is: AgentCore's workload token of that request, and of no other, reaches tools."""

import json
from collections.abc import Callable

import httpx
import pytest
from websockets.sync.client import connect

from local_model.server import LocalModel

Ask = Callable[[str, dict[str, str]], str]
PROMPT = {"prompt": "call user {}"}
ADA = {"WorkloadAccessToken": "Ada"}
BOB = {"X-Amz-Bedrock-AgentCore-Identity-WAT": "Bob"}


def post(url: str, headers: dict[str, str]) -> str:
    """The answer over HTTP."""
    answer = httpx.post(f"{url}/invocations", json=PROMPT, headers=headers, trust_env=False, timeout=30)
    return answer.text


def converse(url: str, headers: dict[str, str]) -> str:
    """The same over a WebSocket."""
    with connect(f"{url.replace('http', 'ws')}/ws", additional_headers=headers, proxy=None) as socket:
        socket.send(json.dumps(PROMPT))
        events = [str(socket.recv(timeout=30))]
        while "RUN_FINISHED" not in events[-1] and "RUN_ERROR" not in events[-1]:
            events.append(str(socket.recv(timeout=30)))
    return "".join(events)


@pytest.mark.parametrize("ask", [post, converse])
@pytest.mark.parametrize(("headers", "user"), [(ADA, "Ada"), (BOB, "Bob"), ({}, "nobody")])
def test_the_users_workload_token_reaches_tools(
    agent_url: str, local_model: LocalModel, ask: Ask, headers: dict[str, str], user: str
) -> None:
    assert f"for {user}" in ask(agent_url, headers)
