"""The two agents of the examples, each a process of its own: one asks the other over A2A."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.example import EXAMPLES

QUESTION = "Ask the weather agent: what's the weather in Paris?"


@contextmanager
def serving(name: str, folder: Path, **settings: str) -> Iterator[str]:
    """An example that runs offline, at the address given."""
    project = shutil.copytree(EXAMPLES / name, folder / name, ignore=shutil.ignore_patterns(".venv", "uv.lock"))
    environment = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    subprocess.run(["uv", "sync", "--quiet"], cwd=project, env=environment, check=True)
    command = [project / ".venv" / "bin" / "python", "-m", "dev.serve", "--offline", "--port", "0"]
    with subprocess.Popen(
        command, cwd=project, env=environment | settings, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            yield next(found[0] for line in server.stdout if (found := re.search(r"http://[\d.]+:\d+", line)))
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the agent is that asks the other one."""
    folder = tmp_path_factory.mktemp("agents")
    with serving("weather-agent", folder) as weather:
        agents = {"weather": {"address": weather, "description": "Knows the weather."}}
        with serving("travel-desk", folder, AGENTS=json.dumps(agents)) as url:
            until_ready(url)
            until_ready(weather)
            yield url


def until_ready(url: str) -> None:
    """Wait until it answers."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
        assert client.get(f"{url}/ping").json()["status"] == "Healthy"


def ask(url: str, prompt: str) -> list[tuple[float, dict[str, Any]]]:
    """The events of an answer, with the seconds at which they came."""
    told = []
    with httpx.stream("POST", f"{url}/invocations", json={"prompt": prompt}, timeout=60) as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                told.append((time.monotonic(), json.loads(line.removeprefix("data: "))))
    return told


def test_the_other_agents_answer_streams_through(desk: str) -> None:
    told = ask(desk, QUESTION)
    events = [event for _, event in told]
    kinds = [event["type"] for event in events]
    (started,) = [event for event in events if event["type"] == "SUBAGENT_STARTED"]
    (result,) = [event for event in events if event["type"] == "TOOL_CALL_RESULT"]
    assert (started["name"], started["parentToolCallId"]) == ("weather", result["toolCallId"])

    pieces = [
        (seconds, event["delta"])
        for seconds, event in told
        if event.get("subagentRunId") == started["subagentRunId"] and event["type"] == "TEXT_MESSAGE_CONTENT"
    ]
    said = "".join(delta for _, delta in pieces)
    assert "Paris" in said and "°C" in said
    assert "".join(said.split()) == "".join(result["content"].split())
    assert len(pieces) > 10 and pieces[-1][0] - pieces[0][0] > 0.1, "the other agent's answer came all at once"
    assert kinds.index("SUBAGENT_FINISHED") < kinds.index("TOOL_CALL_RESULT") < len(kinds) - 1
    assert events[-1]["outcome"]["type"] == "success"
    own = "".join(e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT" and not e.get("subagentRunId"))
    assert "Paris" in own and "°C" in own


def test_the_next_turn_is_accepted(desk: str) -> None:
    for _ in range(2):
        assert ask(desk, QUESTION)[-1][1]["outcome"]["type"] == "success"
