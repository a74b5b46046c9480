"""The questions on a real terminal, and what is shown before anything is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pexpect
import pytest
import yaml
from streamplate import options

ENTER, CLEAR = "\r", "\x15"
Terminal = Callable[..., pexpect.spawn]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """`terminal("--yes", TERM="dumb")` is `streamplate new my-agent --yes` as a user of such a terminal sees it."""
    with ExitStack() as stack:

        def start(*args: str, **variables: str) -> pexpect.spawn:
            environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **variables}
            command = ["-m", "streamplate", "new", "my-agent", *args]
            return stack.enter_context(
                pexpect.spawn(
                    sys.executable, command, env=environment, encoding="utf-8", timeout=120, dimensions=(60, 120)
                )
            )

        yield start


def recorded() -> dict[str, object]:
    answers: dict[str, object] = yaml.safe_load(Path("my-agent/.copier-answers.yml").read_text())
    return answers


def ended(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    return int(child.wait())


def with_defaults(child: pexpect.spawn, until: str) -> set[str]:
    """Keys of the questions that were asked and answered with Enter."""
    asked, waiting = set(), options()
    while (seen := child.expect_exact([*(question.help[:30] for question in waiting), until])) < len(waiting):
        asked.add(waiting.pop(seen).key)
        child.send(ENTER)
    assert {question.key for question in waiting if question.asked == "always"} == set()
    return asked


def test_enter_takes_every_default_and_writes_what_was_shown(terminal: Terminal) -> None:
    child = terminal()
    assert "project_name" in with_defaults(child, until="from template v")
    child.expect("framework +strands")
    child.expect("tools +weather, time, calculator")
    child.expect("src/my_agent/ +[0-9]+ files")
    child.expect(r"Write these [0-9]+ files\? \[Y/n\]")
    assert not Path("my-agent").exists()
    child.send(ENTER)
    child.expect("Created my-agent")
    child.expect("uv run serve --offline")
    assert ended(child) == 0
    assert recorded()["project_name"] == "my-agent"


@pytest.mark.parametrize("answer", ["n\r", "\x03", "\x04"])
def test_a_refusal_writes_nothing(terminal: Terminal, answer: str) -> None:
    child = terminal("--preset", "minimal")
    child.expect("Write these")
    child.send(answer)
    child.expect("Stopped: nothing was written")
    assert ended(child) == 1
    assert os.listdir() == []


@pytest.mark.parametrize("flag", ["--yes", "--defaults"])
def test_unasked_it_writes_at_once_and_shows_the_folders(terminal: Terminal, flag: str) -> None:
    child = terminal("--preset", "minimal", flag)
    child.expect("Created my-agent")
    child.expect("src/my_agent/ +[0-9]+ files")
    assert ended(child) == 0
    assert recorded()["tools"] == ["time"]


def test_a_refused_name_is_asked_again(terminal: Terminal) -> None:
    child = terminal()
    child.expect("Project name")
    child.send(CLEAR + "9" + ENTER)
    child.expect("must start with a letter")
    child.sendintr()
    child.expect("Interrupted: nothing was written")
    assert ended(child) == 1
    assert os.listdir() == []


def test_a_dumb_terminal_gets_plain_lines(terminal: Terminal) -> None:
    typed = {
        r"\[my-agent\]: ": ["9", "other-agent"],
        r"\[strands\]: ": ["nope", ""],
        r"\[us-west-2\]: ": ["eu-west-1"],
        r"\[weather,time,calculator\]: ": ["weather, calculator"],
        r"\[terminal,web\]: ": ["-"],
    }
    child, replies, said = terminal(TERM="dumb"), list(typed.values()), ""
    while (seen := child.expect([*typed, "Write these", r"\]: "])) != len(typed):
        said += child.before + child.after
        child.sendline(replies[seen].pop(0) if seen < len(typed) else "")
    child.sendline("")
    assert not any(replies)
    assert "must start with a letter" in said
    assert "strands  Strands Agents" in said
    assert "One of: strands, " in said
    assert ended(child) == 0
    assert "\x1b" not in said
    answers = recorded()
    assert (answers["project_name"], answers["region"]) == ("other-agent", "eu-west-1")
    assert (answers["tools"], answers["clients"]) == (["weather", "calculator"], [])


@pytest.mark.parametrize(("variable", "coloured"), [("PLAIN", True), ("NO_COLOR", False)])
def test_colours_are_left_out_where_they_are_unwanted(terminal: Terminal, variable: str, coloured: bool) -> None:
    child = terminal("--defaults", **{variable: "1"})
    child.expect(pexpect.EOF)
    assert ("\x1b[" in child.before) is coloured
