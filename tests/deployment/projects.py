"""The reference project, rendered and installed, whose own commands the tests run."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamplate import creation

SCRIPT = "import sys; from deploy.{0} import main; sys.argv[0] = '{0}'; sys.exit(main())"
LOCAL_MODEL = """
import json, sys
from local_model.server import running
with running(pace=0.01) as model:
    print(json.dumps(model.environment()), flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Project:
    """A rendered project. Its commands run in its own environment, with these variables beside the test's own."""

    path: Path
    python: Path
    model: Mapping[str, str]

    def run(self, command: str, *arguments: str, env: Mapping[str, str] | None = None, answer: str = "") -> "Run":
        """Run one of its console scripts to its end."""
        done = subprocess.run(
            [self.python, "-c", SCRIPT.format(command), *arguments],
            cwd=self.path,
            env=os.environ | dict(env or {}),
            input=answer,
            capture_output=True,
            text=True,
            timeout=600,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def configure(self, text: str = "", **values: Any) -> None:
        """Set top-level values of deploy.toml and add tables to its end."""
        file = self.path / "deploy.toml"
        lines = [line for line in file.read_text().splitlines() if line.partition(" = ")[0] not in values]
        top = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        file.write_text("\n".join([*top, *lines, text, ""]))

    def point_to_local_model(self) -> None:
        """Give the deployed agent the local model in place of Amazon Bedrock."""
        file = self.path / "deploy.toml"
        variables = "".join(f"{name} = {json.dumps(value)}\n" for name, value in self.model.items())
        file.write_text(file.read_text().replace("[environment]", f"[environment]\n{variables}#", 1))


@dataclass(frozen=True)
class Run:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def events(self) -> list[Any]:
        """The events of `invoke --json`, one a line."""
        assert self.code == 0, self.err
        return [json.loads(line) for line in self.out.splitlines()]


def text_of(events: list[Any]) -> str:
    """The answer that a turn's events make up."""
    return "".join(event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT")


def session(name: str) -> str:
    """A session id as AgentCore wants it."""
    return f"session-of-{name}-{'0' * 33}"


def render(path: Path, **answers: Any) -> Path:
    """A project with these answers."""
    return creation.new(path, answers, git=False).path


def install(path: Path) -> Path:
    """The interpreter of the project's new environment."""
    sync = ["uv", "sync", "--quiet", "--extra", "dev"]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run(sync, cwd=path, env=environment, check=True, timeout=600)
    return path / ".venv" / "bin" / "python"


@contextmanager
def local_model(path: Path, python: Path) -> Iterator[dict[str, str]]:
    """The project's local model server; gives the variables that point an agent to it."""
    server = subprocess.Popen(
        [python, "-c", LOCAL_MODEL], cwd=path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with server:
        assert server.stdout
        variables = json.loads(server.stdout.readline())
        yield {name: value for name, value in variables.items() if value and "KEY" not in name}
        server.communicate()


def restore(path: Path, pristine: Path) -> None:
    """Take back what a test changed."""
    for name in ("deploy.toml", "pyproject.toml"):
        shutil.copyfile(pristine / name, path / name)
    for name in ("src", "deploy"):
        shutil.rmtree(path / name)
        shutil.copytree(pristine / name, path / name)
