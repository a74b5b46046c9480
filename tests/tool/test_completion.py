"""Completion in real shells: what the line holds after Tab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

import pexpect
import pytest

START = {
    "bash": ("bash --norc --noprofile -i", "PS1='rea''dy> '; bind 'set enable-bracketed-paste off'", "bash"),
    "zsh": (
        "zsh -f -i",
        "PS1='rea''dy> '; autoload -Uz compinit; compinit -u; bindkey -e; unsetopt zle_bracketed_paste",
        "zsh",
    ),
    "fish": ("fish --no-config -i", "function fish_prompt; echo -n 'rea''dy> '; end", "fish"),
}
TAB, TO_START, TO_END = "\t", "\x01", "\x05"

LINES = [
    ("rel", "releases "),
    ("completion f", "completion fish "),
    ("new x --pres", "new x --preset "),
    ("new x --preset prod", "new x --preset production "),
    ("new x -d reg", "new x -d region="),
    ("new x -d tools=wea", "new x -d tools=weather "),
    ("new x -d tools=weather,ti", "new x -d tools=weather,time "),
    ("new x --defaults -d framework=langg", "new x --defaults -d framework=langgraph "),
    ("update --to v0.2", "update --to v0.2.0 "),
    ("new x --release v99", "new x --release v99"),
    ("new x -d nothing=", "new x -d nothing="),
]


@pytest.fixture(scope="module", params=START)
def line_after_tab(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """`line_after_tab("rel")` is what follows `streamplate ` on the line after `streamplate rel` and Tab."""
    command, setup, shell = START[request.param]
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    home = tmp_path_factory.mktemp(shell)
    program = home / "streamplate"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m streamplate "$@"\n')
    program.chmod(0o755)
    script = home / f"complete.{shell}"
    script.write_text(subprocess.check_output([program, "completion", shell], text=True))
    environment = {**os.environ, "PATH": f"{home}:{os.environ['PATH']}", "HOME": str(home), "TERM": "dumb"}
    with pexpect.spawn(
        command, env=environment, cwd=str(home), encoding="utf-8", timeout=60, dimensions=(40, 200)
    ) as child:
        child.sendline(setup)
        child.expect("ready> ")
        child.sendline(f"source {script}")
        child.expect("ready> ")

        def after(typed: str) -> str:
            child.send(f"streamplate {typed}{TAB}X")  # zsh takes a last space back, but for more text
            child.send(f"{TO_START}echo 'line[{TO_END}]'\r")
            child.expect(r"\nline\[streamplate ([^\r\n]*)X\]\r")
            assert child.match
            line = str(child.match[1])
            child.expect("ready> ")
            return line

        yield after


@pytest.mark.parametrize(("typed", "completed"), LINES)
def test_tab(line_after_tab: Callable[[str], str], typed: str, completed: str) -> None:
    assert line_after_tab(typed) == completed
