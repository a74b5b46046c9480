"""A process that is told to end: each run says why, and nothing holds the process up."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from .agent_client import AgentClient
from local_model.server import Fault, LocalModel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

SERVED = """
import time
from weather_agent import main, tools

def hang() -> str:
    "Never return in time."
    time.sleep(600)
    return ""

tools.TOOLS.append(tools.tool(hang))
main.app.run(port=main.settings.port, timeout_graceful_shutdown=2)
"""


@contextmanager
def served() -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The agent as it is deployed, in a process of its own, with a tool that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = os.environ | {"PORT": str(port), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, "-c", SERVED], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/ping", trust_env=False)
                break
            except httpx.TransportError:
                assert process.poll() is None and time.monotonic() < deadline, "it did not start"
                time.sleep(0.1)
        yield process, url
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("prompt", ["Count to 9000", "call hang {}"])
def test_every_run_is_told_and_the_process_ends(local_model: LocalModel, number: int, prompt: str) -> None:
    with served() as (process, url), AgentClient(url) as agent, agent.post({"prompt": prompt}) as stream:
        if "hang" in prompt:
            local_model.faults.append(Fault("stall", after=0, seconds=0.1))
            time.sleep(2)
        else:
            stream.read(deltas=2)
        process.send_signal(number)
        answer = stream.read()
        _, log = process.communicate(timeout=20)

    assert answer.types.count("RUN_ERROR") == 1 and answer.types[-1] == "RUN_ERROR"
    assert answer.events[-1].code == "shutting_down"
    assert '"outcome": "failed"' in log and '"code": "shutting_down"' in log
    assert "Traceback" not in log


def test_each_run_has_one_line_in_the_log(local_model: LocalModel) -> None:
    with served() as (process, url), AgentClient(url) as agent:
        agent.ask("Count to 3")
        local_model.faults.append(Fault("denied"))
        failed = agent.run({"threadId": "t", "runId": "forged\n\x1b[31m", "messages": [MESSAGE]})
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)

    assert failed.types[-1] == "RUN_ERROR"
    lines = [line for line in log.splitlines() if '"_aws"' in line]
    assert len(lines) == 2
    assert '"outcome": "success"' in lines[0] and '"outputTokens"' in lines[0] and '"durationMs"' in lines[0]
    assert '"code": "model_access_denied"' in lines[1] and '"failedRuns": 1' in lines[1]
    assert "Invocation completed successfully" not in log
    assert "\x1b" not in log and "\nforged" not in log


MESSAGE = {"id": "m", "role": "user", "content": "Hello"}
