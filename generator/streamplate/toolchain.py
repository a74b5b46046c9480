"""Install a generated project, and say how its user does that: with uv, or with venv and pip."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from streamplate.errors import StreamplateError

SCRIPTS = Path(".venv", "Scripts" if os.name == "nt" else "bin")


def scripts(project: Path) -> set[str]:
    """The commands that a project's pyproject.toml declares; none without one."""
    import tomllib

    path = project / "pyproject.toml"
    content = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    return set(content.get("project", {}).get("scripts", {}))


def next_steps(project: Path, scripts: set[str]) -> list[str]:
    """What to type to see `project` run, from the current folder; `scripts` are the commands it has."""
    commands = [command for command in ("serve --offline", "chat") if command.split()[0] in scripts]
    enter = f"cd {quoted(shown(project))}"
    if shutil.which("uv") or not commands:
        return [enter, *(f"uv run {command}" for command in commands)]
    python = "python" if os.name == "nt" else "python3"
    install = [f"{python} -m venv .venv", f'{SCRIPTS / "python"} -m pip install -e ".[dev]"']
    return [enter, *install, *(str(SCRIPTS / command) for command in commands)]


def checks(project: Path) -> list[str]:
    """The commands that test a project, of the tools that its pyproject.toml asks for."""
    path = project / "pyproject.toml"
    text = path.read_text("utf-8") if path.is_file() else ""
    commands = [f"uv run {command}" for command in ("ruff check", "mypy", "pytest") if command.split()[0] in text]
    return ["uv sync", *commands] if commands else []


def own_command() -> str:
    """How to call this command from here: by its name where that is found, else as it was called now."""
    called = Path(sys.argv[0])
    if shutil.which("streamplate"):
        return "streamplate"
    if called.stem == "streamplate" and called.exists():
        return quoted(shown(called.absolute()))
    return f"{quoted(sys.executable)} -m streamplate"


def shown(path: Path) -> str:
    """`path` from the current folder, or whole where that is not above it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def quoted(argument: str) -> str:
    """An argument as this system's shell wants it."""
    return subprocess.list2cmdline([argument]) if os.name == "nt" else shlex.quote(argument)


def install(project: Path, *, without: Iterable[str] = ()) -> None:
    """Put `project` and its dependencies, but those in `without`, into its own `.venv`, by the uv that we depend on."""
    from uv import find_uv_bin

    sync = [find_uv_bin(), "sync", "--quiet", "--python", sys.executable]
    left_out = [f"--no-install-package={package}" for package in without]
    _run(project, sync + left_out, environment() | _index())


def environment() -> dict[str, str]:
    """This process's environment without its own virtual environment, which is not the project's."""
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}


def _index() -> dict[str, str]:
    """The package index that pip is set to, for uv, which reads none of pip's settings. One of uv's own goes before."""
    if os.environ.keys() & {"UV_DEFAULT_INDEX", "UV_INDEX_URL"}:
        return {}
    told = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    urls = dict(re.findall(r"^(global|install|:env:)\.index-url='(.+)'$", told, re.MULTILINE))
    return next(({"UV_DEFAULT_INDEX": urls[place]} for place in (":env:", "install", "global") if place in urls), {})


def _run(project: Path, command: list[str], variables: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True)
    if done.returncode:
        last_lines = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        hint = f"{last_lines}\nIts dependencies come from the package index: check that it can be reached"
        raise StreamplateError("The project could not be installed", hint)
