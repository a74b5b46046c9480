"""The main job, as a user does it: from the wheel to a streamed answer with tool calls, with no account."""

from __future__ import annotations

import json
import re
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.conftest import run

QUESTION = "What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?"
SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"


@pytest.fixture(scope="module")
def project(streamplate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`streamplate new --defaults`, installed."""
    project = tmp_path_factory.mktemp("work") / "my-agent"
    run(streamplate, "new", project, "--defaults")
    run("uv", "sync", "--quiet", cwd=project)
    return project


@pytest.fixture(scope="module")
def agent(project: Path) -> Iterator[str]:
    """`serve --offline` on a free port: its base URL."""
    command = [project / ".venv/bin/serve", "--offline", "--port", "0"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            printed = iter(process.stdout.readline, "")
            url = next(found[0] for line in printed if (found := re.search(r"http://[\d.]+:\d+", line)))
            _wait(url)
            yield url
        finally:
            process.terminate()


def _wait(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"{url}/ping")
            return
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def ask(url: str, prompt: str, session: str | None = None) -> tuple[list[dict[str, Any]], list[float]]:
    """The events, and when each arrived."""
    events, times = [], []
    headers = {SESSION_HEADER: session} if session else {}
    with httpx.stream("POST", f"{url}/invocations", json={"prompt": prompt}, headers=headers, timeout=30) as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                events.append(json.loads(line.removeprefix("data: ")))
                times.append(time.monotonic())
    return events, times


def text(events: list[dict[str, Any]]) -> str:
    """The answer."""
    return "".join(event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT")


def test_the_answer_streams_with_its_tool_calls(agent: str) -> None:
    events, times = ask(agent, QUESTION)

    types = [event["type"] for event in events]
    assert types[0] == "RUN_STARTED"
    assert types[-1] == "RUN_FINISHED"
    calls = {event["toolCallId"]: event["toolCallName"] for event in events if event["type"] == "TOOL_CALL_START"}
    arguments = dict.fromkeys(calls, "")
    for event in events:
        if event["type"] == "TOOL_CALL_ARGS":
            arguments[event["toolCallId"]] += event["delta"]
    results = {event["toolCallId"]: event["content"] for event in events if event["type"] == "TOOL_CALL_RESULT"}
    assert {calls[id]: json.loads(value) for id, value in arguments.items()} == {
        "get_weather": {"city": "Paris"},
        "get_time": {"place": "Tokyo"},
        "calculator": {"expression": "37*12+5"},
    }
    assert results.keys() == calls.keys()
    assert all(result in text(events) for result in results.values())
    assert "449" in text(events)
    assert "°C" in text(events)
    spread = [at for event, at in zip(events, times, strict=True) if event["type"] == "TEXT_MESSAGE_CONTENT"]
    assert len({round(at, 2) for at in spread}) > len(spread) / 2, "the deltas came in bursts"


def test_a_session_remembers_and_two_share_nothing(agent: str) -> None:
    session = str(uuid.uuid4())
    ask(agent, "What is 6*7?", session)

    assert "What is 6*7?" in text(ask(agent, "What was my first question?", session)[0])
    assert text(ask(agent, "What was my first question?", str(uuid.uuid4()))[0]) == "This is your first question."


def test_the_chat_prints_the_answer(agent: str, project: Path) -> None:
    printed = run(project / ".venv/bin/chat", "--url", f"{agent}/invocations", QUESTION, cwd=project)

    assert "449" in printed


def test_serving_without_credentials_says_what_to_do(project: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}
    command = [project / ".venv/bin/serve", "--port", "0"]
    serve = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=60)

    assert serve.returncode == 1
    assert "AWS credentials" in serve.stderr
    assert "--offline" in serve.stderr
    assert "Traceback" not in serve.stderr


def test_the_project_is_committed_whole(project: Path) -> None:
    assert run("git", "status", "--porcelain", cwd=project).strip().splitlines() in ([], ["?? uv.lock"])
