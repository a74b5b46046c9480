"""The command as a function, in a home folder of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from streamplate.cli import main

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and a home that holds nothing but Ada's git identity."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("UV_CACHE_DIR", subprocess.check_output(["uv", "cache", "dir"], text=True).strip())
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture
def streamplate() -> Command:
    """`streamplate("new", "my-agent", "--defaults")` runs the command in this process."""

    def run(*args: object) -> Result:
        return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)

    return run
