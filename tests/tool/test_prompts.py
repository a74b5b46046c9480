"""The questions on a real terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
import yaml
from streamplate import questions

ENTER, CLEAR = "\r", "\x15"


@pytest.fixture
def terminal() -> Iterator[pexpect.spawn]:
    """`streamplate new my-agent` as a user sees it, at its first question."""
    environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
    args = ["-m", "streamplate", "new", "my-agent"]
    with pexpect.spawn(
        sys.executable, args, env=environment, encoding="utf-8", timeout=60, dimensions=(40, 120)
    ) as child:
        yield child


def test_enter_takes_every_default(terminal: pexpect.spawn) -> None:
    asked, waiting = set(), questions.options()
    while waiting:
        seen = terminal.expect_exact([*(question.help[:30] for question in waiting), "Created my-agent"])
        if seen == len(waiting):
            break
        asked.add(waiting.pop(seen).key)
        terminal.send(ENTER)
    assert {question.key for question in waiting if question.asked == "always"} == set()
    assert "project_name" in asked
    terminal.expect("uv run serve --offline")
    terminal.expect(pexpect.EOF)
    assert terminal.wait() == 0
    assert yaml.safe_load(Path("my-agent/.copier-answers.yml").read_text())["project_name"] == "my-agent"


def test_a_refused_name_is_asked_again(terminal: pexpect.spawn) -> None:
    terminal.expect("Project name")
    terminal.send(CLEAR + "9" + ENTER)
    terminal.expect("must start with a letter")
    terminal.sendintr()
    terminal.expect("Interrupted: nothing was written")
    terminal.expect(pexpect.EOF)
    assert terminal.wait() == 1
    assert os.listdir() == []
