"""The questions on a real terminal, and what is shown before anything is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pexpect
import pyte
import pytest
import yaml
from streamplate import options

ENTER, CLEAR, SPACE = "\r", "\x15", " "
Terminal = Callable[..., pexpect.spawn]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """`terminal("--yes", TERM="dumb")` is `streamplate new my-agent --yes` as a user of such a terminal sees it."""
    with ExitStack() as stack:

        def start(*args: str, rows: int = 60, columns: int = 120, **variables: str) -> pexpect.spawn:
            environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **variables}
            command = ["-m", "streamplate", "new", "my-agent", *args]
            return stack.enter_context(
                pexpect.spawn(
                    sys.executable, command, env=environment, encoding="utf-8", timeout=120, dimensions=(rows, columns)
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
    if child.expect(["Stopped: nothing was written", pexpect.TIMEOUT], timeout=10) == 1:
        child.send(answer)  # Python loses a Ctrl-C within milliseconds of its prompt: a person presses again
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


def screens(child: pexpect.spawn, keys: list[str]) -> Iterator[list[str]]:
    """What stands on a screen of 80 by 24 at each question, then at the summary; `keys` answer one each."""
    screen = pyte.Screen(80, 24)
    stream = pyte.Stream(screen)
    for number, key in enumerate(keys, 1):
        child.expect(f" {number} of ")
        stream.feed(child.before + child.after + the_rest(child))
        yield [line.rstrip() for line in screen.display]
        child.send(key)
    child.expect("Write these")
    stream.feed(child.before + child.after)
    yield [line.rstrip() for line in screen.display]


def the_rest(child: pexpect.spawn) -> str:
    """What it writes until it waits."""
    child.expect(pexpect.TIMEOUT, timeout=0.5)
    drawn: str = child.before
    child.buffer = ""
    return drawn


def test_every_question_fits_a_small_screen(terminal: Terminal) -> None:
    shown = list(screens(terminal(rows=24, columns=80), [ENTER] * 16))
    titles = {question.help for question in options()}
    for number, screen in enumerate(shown[:-1], 1):
        question = next(line for line in screen if line.startswith(f" {number} of 16  "))
        assert any(question.endswith((title, f"{title} (Space marks, Enter goes on)")) for title in titles), question
    lines = [line for screen in shown for line in screen]
    assert {"Project", "Agent", "Callers", "Deployment", "Upkeep"} <= set(lines)
    assert "  tools           weather, time, calculator" in lines
    assert "🎤" not in "".join(lines)


def test_enter_is_explained_once(terminal: Terminal) -> None:
    *_, last, _ = screens(terminal("--quick", rows=24, columns=80), [ENTER] * 4)
    assert sum("Enter keeps the default" in line for line in last) == 1


def test_quick_asks_four_questions(terminal: Terminal) -> None:
    child = terminal("--quick", rows=24, columns=80)
    *_, clients, _ = screens(child, ["\x1b[B" + ENTER, ENTER, SPACE + ENTER, ENTER])
    assert "  framework       langgraph" in clients
    assert "  tools           time, calculator" in clients
    child.send(ENTER)
    assert ended(child) == 0
    answers = recorded()
    assert (answers["framework"], answers["tools"], answers["ci"]) == ("langgraph", ["time", "calculator"], "none")


def test_quick_asks_only_what_is_open(terminal: Terminal) -> None:
    child = terminal("--quick", "-d", "framework=agno", "-d", "tools=time", rows=24, columns=80)
    first, second, _ = screens(child, [ENTER, ENTER])
    assert any(line.startswith(" 1 of 2  Where the model runs") for line in first)
    assert any(line.startswith(" 2 of 2  Clients") for line in second)
    child.send(ENTER)
    assert ended(child) == 0
    assert recorded()["framework"] == "agno"


@pytest.mark.parametrize("other", [["--defaults"], ["--preset", "minimal"]])
def test_quick_asks_and_they_do_not(terminal: Terminal, other: list[str]) -> None:
    child = terminal("--quick", *other)
    child.expect("--quick asks questions")
    assert ended(child) == 2


def test_a_release_without_quick_questions_says_so(terminal: Terminal) -> None:
    child = terminal("--quick", "--release", "v0.5.0")
    child.expect("does not say which questions --quick asks")
    assert ended(child) == 2
    assert os.listdir() == []
