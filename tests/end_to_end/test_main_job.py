"""The main job, as a user does it: from the wheel to a streamed answer with tool calls, with no account."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

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
    with serving(project) as url:
        yield url


@contextmanager
def serving(project: Path, *options: str, stderr: IO[str] | None = None, offline: bool = True) -> Iterator[str]:
    """The base URL of an agent that is served until the block ends."""
    command = [project / ".venv/bin/serve", *["--offline"][:offline], "--port", "0", *options]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        try:
            assert process.stdout is not None
            printed = iter(process.stdout.readline, "")
            url = next(found[0] for line in printed if (found := re.search(r"http://[\d.]+:\d+", line)))
            until(lambda: httpx.get(f"{url}/ping").is_success)
            yield url
        finally:
            process.terminate()


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that a server may not be there yet to say."""
    deadline = time.monotonic() + 60
    while True:
        with suppress(httpx.TransportError):
            if condition():
                return
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


def test_every_command_is_a_module_too(project: Path) -> None:
    """`python -m dev.serve` for `serve`: it needs no script in a folder that is not on the path."""
    scripts = tomllib.loads((project / "pyproject.toml").read_text())["project"]["scripts"]
    modules = {entry.partition(":")[0] for entry in scripts.values()}

    assert {"dev.serve", "clients.terminal", "deploy.deploy"} <= modules
    for module in modules:
        assert "usage:" in run(project / ".venv/bin/python", "-m", module, "--help", cwd=project)


def test_an_edit_is_served_at_once_with_reload(project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(project, tmp_path / "my-agent", symlinks=True)
    run("uv", "sync", "--quiet", cwd=copy)
    requests = copy / "src" / "my_agent" / "runs" / "requests.py"

    def refusal() -> str:
        return str(httpx.post(f"{url}/invocations", json=[], timeout=30).json()["message"])

    with serving(copy, "--reload") as url:
        assert "must be a JSON object" in refusal()
        requests.write_text(requests.read_text().replace("must be a JSON object", "shall be a JSON object"))
        until(lambda: "shall be a JSON object" in refusal())


@pytest.mark.parametrize("framework", ["strands", "pydantic-ai"])
def test_traces_tell_each_run_its_model_calls_and_tools(
    framework: str, streamplate: Path, project: Path, tmp_path: Path
) -> None:
    """Of Strands, which reports spans of its own, and of a framework that reports none."""
    if framework != "strands":
        project = tmp_path / "my-agent"
        run(streamplate, "new", project, "--defaults", "--no-git", "-d", f"framework={framework}")
        run("uv", "sync", "--quiet", cwd=project)

    with (tmp_path / "stderr").open("w+") as printed:
        with serving(project, "--traces", stderr=printed) as url, ThreadPoolExecutor() as sessions:
            list(sessions.map(lambda question: ask(url, question), [QUESTION, "What is 6*7?"]))
        printed.seek(0)
        spans = [line.split() for line in printed if line.startswith("trace ") and "/ping" not in line]

    runs: dict[str, list[str]] = {}
    for _, trace, _, _, *name in spans:
        runs.setdefault(trace, []).append(" ".join(name[:2]))
    model = "chat us.anthropic.claude-sonnet-4-6"
    around = ["POST /invocations", model, model, "invoke_agent my-agent"]
    short = [*around, "execute_tool calculator"]
    long = [*short, "execute_tool get_weather", "execute_tool get_time"]
    assert sorted(map(sorted, runs.values()), key=len) == [sorted(short), sorted(long)]
    assert all(spans_of[-2:] == ["invoke_agent my-agent", "POST /invocations"] for spans_of in runs.values())
    totals = {trace: name[2:] for _, trace, _, _, *name in spans if name[0] == "invoke_agent"}
    assert all(tokens.startswith("in=") and tokens != "in=0" for tokens, _ in totals.values())


def test_a_trace_tells_why_a_run_ended(project: Path, tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w+") as printed:
        with serving(project, "--traces", stderr=printed) as url:
            with httpx.stream("POST", f"{url}/invocations", json={"prompt": "Count to 2000"}, timeout=30) as response:
                next(line for line in response.iter_lines() if "TEXT_MESSAGE_CONTENT" in line)
            until(lambda: "invoke_agent" in (tmp_path / "stderr").read_text())
        printed.seek(0)
        spans = [line for line in printed if " chat " in line or "invoke_agent" in line]

    assert len(spans) == 2
    assert all("error=CancelledError" in span for span in spans)


def test_without_a_page_the_root_says_what_the_agent_can_do(streamplate: Path, project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(project, tmp_path / "my-agent", symlinks=True)
    run(streamplate, "configure", copy, "-d", "clients=")
    run("uv", "sync", "--quiet", cwd=copy)

    with serving(copy) as url:
        about = httpx.get(url).json()

    assert about["tools"].keys() == {"get_weather", "get_time", "calculator"}


def test_it_says_what_it_can_do_beside_its_page(agent: str) -> None:
    about = httpx.get(f"{agent}/about").json()

    assert about["tools"].keys() == {"get_weather", "get_time", "calculator"}
    assert "What is 37*12+5?" in about["examples"]
    assert about["offline"] is True
    assert httpx.get(agent).headers["content-type"].startswith("text/html")


def test_a_reloading_server_says_its_address_when_it_answers_there(project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(project, tmp_path / "my-agent", symlinks=True)
    run("uv", "sync", "--quiet", cwd=copy)
    command = [copy / ".venv/bin/serve", "--offline", "--port", "0", "--reload"]
    with subprocess.Popen(command, cwd=copy, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = (found[0] for line in process.stdout if (found := re.search(r"http://[\d.]+:\d+", line)))
        url = next(said)
        assert httpx.get(f"{url}/ping", timeout=1).is_success
        (copy / "src/my_agent/prompt.py").touch()
        assert next(said) == url
        process.terminate()


def test_a_port_that_is_taken_is_told(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        python = project / ".venv/bin/python"
        command = [python, "-m", "dev.serve", "--offline", "--port", port]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_a_port_that_is_none_is_told_before_all_else(project: Path, port: str) -> None:
    command = [project / ".venv/bin/serve", f"--port={port}"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, env={"HOME": "/nonexistent"})
    assert done.returncode == 2
    assert "argument --port: give 0 to 65535; 0 takes a free one" in done.stderr


@pytest.mark.parametrize(("text", "told"), [("def x(:\n", 'prompt.py", line 1'), (None, "No module named 'my_agent'")])
def test_an_agent_that_cannot_be_imported_is_told(project: Path, tmp_path: Path, text: str | None, told: str) -> None:
    source = project / "src/my_agent"
    kept = shutil.copytree(source, tmp_path / "my_agent")
    try:
        if text is None:
            shutil.rmtree(source)
        else:
            (source / "prompt.py").write_text(text)
        command = [project / ".venv/bin/serve", "--offline", "--port", "0"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    finally:
        shutil.copytree(kept, source, dirs_exist_ok=True)
    assert done.returncode == 1
    assert "cannot be imported" in done.stderr and told in done.stderr and "Traceback" not in done.stderr


def test_deployed_logs_are_json_with_the_ids_of_request_and_session(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    environment = os.environ | nowhere | {"PORT": str(port), "THROTTLE_SECONDS": "0"}
    command = [project / ".venv/bin/python", "-m", "my_agent.main"]
    session = str(uuid.uuid4())
    with subprocess.Popen(command, cwd=project, env=environment, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: httpx.get(f"http://127.0.0.1:{port}/ping").is_success)
        events, _ = ask(f"http://127.0.0.1:{port}", "Hello", session)
        process.terminate()
        logged = [json.loads(line) for line in process.stderr or ()]

    assert events[-1]["code"] == "model_unavailable"
    (failure,) = [entry for entry in logged if entry["level"] == "ERROR"]
    assert failure["sessionId"] == session
    assert failure["requestId"]
    assert "EndpointConnectionError" in failure["message"]


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
