"""Install and run a generated project: with uv where there is one, else with venv and pip."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from streamplate.errors import StreamplateError

SCRIPTS = Path(".venv", "Scripts" if os.name == "nt" else "bin")


def next_steps(project: Path, clients: list[str]) -> list[str]:
    """What to type to see `project` run, from the current folder."""
    commands = ["serve --offline", *(["chat"] if "terminal" in clients else [])]
    enter = f"cd {shlex.quote(os.path.relpath(project))}"
    if shutil.which("uv"):
        return [enter, *(f"uv run {command}" for command in commands)]
    install = f"python3 -m venv .venv && {SCRIPTS / 'pip'} install -e '.[dev]'"
    return [f"{enter} && {install}", *(str(SCRIPTS / command) for command in commands)]


def install(project: Path) -> None:
    """Put `project` and its dependencies into its own `.venv`."""
    if shutil.which("uv"):
        _run(project, "uv", "sync", "--quiet")
        return
    _run(project, sys.executable, "-m", "venv", ".venv")
    _run(project, str(SCRIPTS / "python"), "-m", "pip", "install", "--quiet", "-e", ".[dev]")


def environment() -> dict[str, str]:
    """This process's environment without its own virtual environment, which is not the project's."""
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}


def _run(project: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True)
    if done.returncode:
        last_lines = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        hint = f"{last_lines}\nIts dependencies come from the package index: check that it can be reached"
        raise StreamplateError("The project could not be installed", hint)
