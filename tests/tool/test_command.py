"""The command as a whole: its help, what it says of its work, odd terminals."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from streamplate import toolchain
from streamplate.cli import main

Command = Callable[..., Result]
COMMANDS = sorted(main.commands)


def run(*args: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "streamplate", *args]
    return subprocess.run(command, capture_output=True, env={**os.environ, **variables}, timeout=120)


def test_help_names_every_command_in_a_line_and_the_exit_codes(streamplate: Command) -> None:
    output = streamplate("--help").output
    assert "Exit codes:  0  done\n               1  " in output
    listed = output.partition("Commands:\n")[2].splitlines()
    assert "..." not in "".join(listed)
    assert sorted(line.split()[0] for line in listed[: len(COMMANDS)]) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_examples_that_it_understands(streamplate: Command, name: str) -> None:
    output = streamplate(name, "--help").output
    examples = output.partition("Examples:\n")[2].splitlines()
    assert examples
    known = {option for parameter in main.commands[name].params for option in parameter.opts}
    for line in examples:
        assert f"streamplate {name}" in line
        used = {word for word in line.partition(f"streamplate {name}")[2].split() if word.startswith("-")}
        assert used <= known


def test_verbose_says_what_git_and_copier_do() -> None:
    done = run("new", "x", "--preset", "minimal", "--verbose")
    said = done.stderr.decode().splitlines()
    assert [
        line.split()[:2] for line in said if line.startswith("copier") or " init " in line or " commit " in line
    ] == [
        ["copier", said[1].split()[1]],
        ["git", "init"],
        ["git", "commit"],
    ]
    assert all(line.endswith(" ms") for line in said)
    assert done.stdout.startswith(b"Created x")
    assert run("-v", "check", "x").stderr.startswith(b"git rev-parse")
    assert run("check", "x").stderr == b""


def test_verbose_reaches_the_processes_of_a_fleet(streamplate: Command) -> None:
    for name in ("a", "b"):
        streamplate("new", name, "--defaults", "--release", "0.4.0")
    assert run("update", "a", "b", "-v").stderr.count(b"git merge-tree") == 2


def test_a_terminal_without_arrows(streamplate: Command) -> None:
    streamplate("new", "x", "--defaults", "--release", "0.4.0")
    done = run("check", "x", PYTHONIOENCODING="cp1252")
    assert b"v0.4.0 ? v" in done.stdout
    assert done.stderr == b""


def test_what_is_printed_to_a_file_has_no_colours() -> None:
    assert b"\x1b" not in run("new", "x", "--defaults").stdout
    assert Path("x").is_dir()


def test_a_reader_that_has_enough_is_no_failure() -> None:
    command = [sys.executable, "-m", "streamplate", "options"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout and done.stderr
        done.stdout.close()
        assert done.stderr.read() == b""


def test_the_command_is_named_so_that_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / ".venv" / "bin" / "streamplate"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", [str(command)])
    assert toolchain.own_command() == ".venv/bin/streamplate"
    monkeypatch.setattr(sys, "argv", ["/somewhere/streamplate/__main__.py"])
    assert toolchain.own_command() == f"{sys.executable} -m streamplate"
    monkeypatch.setenv("PATH", str(command.parent))
    assert toolchain.own_command() == "streamplate"
