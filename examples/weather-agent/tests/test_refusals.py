"""Bad requests are refused before the stream starts, and the model is never called for them."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from .agent_client import AgentClient
from local_model.server import Fault, LocalModel

LARGE = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(10_000)}}
MANY = {"type": "object", "allOf": [{}] * 5001}
ANSWER = {"interruptId": "i", "status": "cancelled"}
MESSAGE = {"id": "m", "role": "user", "content": "Hello"}


def run_input(**changes: Any) -> dict[str, Any]:
    """A RunAgentInput."""
    return {"threadId": "thread", "runId": "run", "messages": [MESSAGE]} | changes


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b'{"prompt": "\xff"}', 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b'{"prompt": "Hello", "state": {"x": NaN}}', 400, "invalid_json"),
        (b'{"prompt": "Hello", "state": {"x": 1e999}}', 400, "invalid_json"),
        (b"[]", 400, "not_an_object"),
        (b'"hello"', 400, "not_an_object"),
        ({}, 400, "invalid_prompt"),
        ({"prompt": ""}, 400, "invalid_prompt"),
        ({"prompt": " \n"}, 400, "invalid_prompt"),
        ({"prompt": 7}, 400, "invalid_prompt"),
        ({"prompt": {"text": "Hello"}}, 400, "invalid_prompt"),
        ({"threadId": "thread"}, 400, "invalid_run_input"),
        ({"prompt": "Hello", "temperature": 0}, 400, "invalid_request"),
        ({"cancel": {}, "history": True}, 400, "invalid_request"),
        ({"follow": {"runId": "run"}, "background": True}, 400, "invalid_request"),
        ({"history": True, "prompt": "Hello"}, 400, "invalid_prompt"),
        (run_input(messages="Hello"), 400, "invalid_run_input"),
        (run_input(runId="r" * 257), 400, "invalid_run_input"),
        (run_input(parentRunId="r" * 257), 400, "invalid_run_input"),
        (run_input(prompt="Hello"), 400, "invalid_run_input"),
        (run_input(background=True), 400, "invalid_run_input"),
        (run_input(forwardedProps={"prompt": "Hello"}), 400, "invalid_run_input"),
        (run_input(forwardedProps={"resume": []}), 400, "invalid_run_input"),
        (run_input(tools=[{"name": "x", "description": "x" * 9, "parameters": LARGE}]), 400, "invalid_tools"),
        (run_input(tools=[{"name": "x", "description": "x", "parameters": MANY}]), 400, "invalid_tools"),
        (run_input(forwardedProps="background"), 400, "invalid_run_input"),
        (run_input(forwardedProps={"cancel": {}, "history": True}), 400, "invalid_run_input"),
        (run_input(forwardedProps={"history": True}, resume=[ANSWER]), 400, "invalid_run_input"),
        (run_input(threadId="a b"), 400, "invalid_session"),
        (run_input(messages=[]), 400, "no_user_message"),
        (run_input(messages=[MESSAGE, {"id": "n", "role": "assistant", "content": "Hi"}]), 400, "no_user_message"),
        (run_input(messages=[MESSAGE | {"content": []}]), 400, "invalid_prompt"),
        (json.dumps({"prompt": "x" * 5_000_000}).encode(), 413, "too_large"),
    ],
)
def test_a_bad_request_is_refused(
    agent: AgentClient, local_model: LocalModel, body: dict[str, Any] | bytes, status: int, code: str
) -> None:
    assert agent.refused(body) == (status, code)
    assert local_model.requests == []


def test_a_compressed_body_is_refused(agent: AgentClient, local_model: LocalModel) -> None:
    body = gzip.compress(b'{"prompt": "Hello"}')
    answer = httpx.post(f"{agent.url}/invocations", content=body, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_encoding")
    assert local_model.requests == []


def test_a_body_without_end_is_refused(agent: AgentClient, local_model: LocalModel) -> None:
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        for number in range(10_000):
            sent.append(number)
            yield b"x" * 65_536

    answer = httpx.post(f"{agent.url}/invocations", content=endless(), timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert len(sent) < 1000
    assert local_model.requests == []


def test_a_session_id_has_a_form(agent: AgentClient) -> None:
    assert agent.refused({"prompt": "Hello"}, session="s" * 257) == (400, "invalid_session")


def test_a_session_answers_one_caller_at_a_time(agent: AgentClient, local_model: LocalModel) -> None:
    with agent.post({"prompt": "Count to 500"}, "shared") as stream:
        stream.read(deltas=1)
        assert agent.refused({"prompt": "Hello"}, "shared") == (409, "session_busy")
    assert len(local_model.requests) == 1


def test_a_full_server_says_so_until_its_callers_leave(
    agent: AgentClient, local_model: LocalModel, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    local_model.faults.extend([Fault("stall", after=4, seconds=30)] * 40)
    with ExitStack() as running:
        for _ in range(40):
            running.enter_context(agent.post({"prompt": "Count to 2000"}))
        assert agent.refused({"prompt": "Hello"}) == (503, "server_busy")
        assert agent.ping()["status"] == "HealthyBusy"

    def is_free() -> bool:
        with agent.post({"prompt": "Hello"}) as stream:
            if free := stream.response.status_code == 200:
                stream.read()  # else its model call could come in the next test
            return free

    eventually(is_free)
