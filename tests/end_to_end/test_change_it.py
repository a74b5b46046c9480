"""The section "Change it" of a project's README, done as it is written, in one project from first to last."""

from __future__ import annotations

import json
import os
import re
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.end_to_end.conftest import run
from tests.end_to_end.test_another_framework import asked, resumed
from tests.end_to_end.test_main_job import ask, serving, text


class Project:
    """A project, and the rows and code blocks of its README."""

    def __init__(self, folder: Path, streamplate: Path) -> None:
        self.folder, self._path = folder, os.pathsep.join([str(streamplate.parent), os.environ["PATH"]])
        section = (folder / "README.md").read_text("utf-8").partition("## Change it\n")[2].partition("\n## ")[0]
        self.rows = dict(re.findall(r"^\| ([^|]+?) \| (.+) \|$", section, re.MULTILINE))
        self.blocks = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)

    def command(self, row: str) -> str:
        """The first command that a row names."""
        return next(code for code in re.findall(r"`([^`]+)`", self.rows[row]) if code.startswith(("streamplate", "uv")))

    def path(self, row: str) -> Path:
        """The first file that a row names."""
        return self.folder / next(code for code in re.findall(r"`([^`]+)`", self.rows[row]) if "/" in code)

    def block(self, beginning: str) -> str:
        return next(block for block in self.blocks if beginning in block)

    def own_tools(self, block: str) -> None:
        """Put a block in the place of what `own.py` has."""
        own = next(self.folder.glob("src/*/tools/own.py"))
        head = own.read_text("utf-8").partition("\nTOOLS")[0].partition("\nfrom .")[0]
        own.write_text(f"{head}\n{block}", "utf-8")

    def shell(self, command: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=environment | {"PATH": self._path},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def configure(self, row: str) -> None:
        """Commit, run the row's command, and install, as the README says."""
        self.shell("git add --all && git commit --quiet --message before")
        self.shell(self.command(row))
        self.shell("uv sync --quiet")


@pytest.fixture(scope="module")
def project(streamplate: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("work") / "my-agent"
    run(streamplate, "new", folder, "--defaults", "-d", "tools=calculator")
    run("uv", "sync", "--quiet", cwd=folder)
    return Project(folder, streamplate)


@contextmanager
def bedrock() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server in the place of Amazon Bedrock: its address, and path and body of what is asked. It refuses all."""
    seen: list[tuple[str, str]] = []

    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(400)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


def test_prompt_model_and_settings(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = project.path("the agent's instructions")
    prompt.write_text(prompt.read_text("utf-8").replace("a helpful assistant", "a pirate"), "utf-8")
    settings = ["MODEL_ID=us.amazon.nova-lite-v1:0", 'REQUEST_FIELDS={"top_k": 7}', "MAX_REQUEST_BYTES=2048"]
    (project.folder / ".env").write_text("\n".join(settings))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    with bedrock() as (address, seen):
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", address)
        with serving(project.folder, offline=False) as url:
            ask(url, "Hello")
            too_large = httpx.post(f"{url}/invocations", json={"prompt": "x" * 3000})
    (project.folder / ".env").unlink()

    path, body = seen[0]
    assert "nova-lite" in path
    assert "You are a pirate" in body
    assert "top_k" in body
    assert too_large.status_code == 413


def test_the_deployed_model_is_that_of_deploy_toml(project: Project) -> None:
    row = project.rows["the model and settings of the deployed agent"]
    assert "`model`, `fallback_model` and `[environment]` in `deploy.toml`" in row
    settings = project.folder / "deploy.toml"
    changed = re.sub(r'^model = "[^"]+"', 'model = "us.amazon.nova-pro-v1:0"', settings.read_text("utf-8"), flags=re.M)
    settings.write_text(changed.replace('# MAX_TURNS = "20"', 'MAX_TURNS = "7"'), "utf-8")

    shown = project.shell("uv run deploy --dry-run")

    assert "us.amazon.nova-pro-v1:0" in shown
    assert "MAX_TURNS" in shown


def test_a_tool_a_dependency_and_an_approval(project: Project) -> None:
    dice = project.block("def roll_dice")
    (project.folder / dice.partition("\n")[0].removeprefix("# ")).write_text(dice, "utf-8")
    project.own_tools(project.block("TOOLS: list[Callable[..., Any]] = [roll_dice]"))
    project.shell(project.command("a dependency").replace("PACKAGE", "humanize"))
    project.shell("uv run python -c 'import humanize'")

    with serving(project.folder) as url:
        events, _ = ask(url, 'call roll_dice {"sides": 6}')
    rolled = next(event["content"] for event in events if event["type"] == "TOOL_CALL_RESULT")
    assert rolled in "123456"

    project.own_tools(project.block('needs_approval("Roll a die'))
    with serving(project.folder) as url:
        session = str(uuid.uuid4())
        (interrupt,) = asked(ask(url, 'call roll_dice {"sides": 6}', session)[0])
        assert "Roll a die of 6 sides?" in json.dumps(interrupt)
        events = resumed(url, session, interrupt)
    assert events[-1]["outcome"]["type"] == "success"


def test_a_client_a_ready_made_tool_and_a_framework(project: Project) -> None:
    for row in ("a client", "a tool", "the framework"):
        project.configure(row)

    assert (project.folder / "clients/python").is_dir()
    with serving(project.folder) as url:
        assert "42" in text(ask(url, "What is 6*7?")[0])
        assert "Tokyo" in text(ask(url, "What time is it in Tokyo?")[0])
        assert asked(ask(url, 'call roll_dice {"sides": 6}', str(uuid.uuid4()))[0])
    assert "langgraph" in (project.folder / "pyproject.toml").read_text("utf-8")
    project.shell("uv run mypy && uv run ruff check")
