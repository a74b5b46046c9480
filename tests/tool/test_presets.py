"""Presets: answers that go together, and nothing asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from streamplate import presets, questions, template

Command = Callable[..., Result]

QUESTIONS = {question.key: question for question in questions.read(template.CHECKOUT)}
PRESETS = presets.read(template.CHECKOUT)


def answers(project: str) -> dict[str, object]:
    recorded: dict[str, object] = yaml.safe_load(Path(project, ".copier-answers.yml").read_text())
    return recorded


def test_the_three() -> None:
    assert set(PRESETS) == {"minimal", "production", "reference"}
    assert PRESETS["reference"].answers == {}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_its_answers_are_recorded_as_it_gives_them(streamplate: Command, name: str) -> None:
    assert "\n" not in PRESETS[name].description
    assert set(PRESETS[name].answers) <= set(QUESTIONS)
    result = streamplate("new", "x", "--preset", name)
    assert result.exit_code == 0, result.stderr
    assert answers("x").items() >= PRESETS[name].answers.items()


def test_reference_is_the_defaults(streamplate: Command) -> None:
    streamplate("new", "a/x", "--preset", "reference")
    streamplate("new", "b/x", "--defaults")
    assert answers("a/x") == answers("b/x")


def test_answers_of_ones_own_go_first(streamplate: Command) -> None:
    Path("mine.yml").write_text("clients: [web]\n")
    streamplate("new", "x", "--preset", "minimal", "--answers", "mine.yml", "-d", "tools=weather")
    assert (answers("x")["tools"], answers("x")["clients"]) == (["weather"], ["web"])


def test_one_that_does_not_exist(streamplate: Command) -> None:
    result = streamplate("new", "x", "--preset", "huge")
    assert result.exit_code == 2
    assert "There is no preset huge\nThe presets are: minimal, production, reference" in result.stderr
    assert os.listdir() == []


def test_releases_of_before_have_none(streamplate: Command) -> None:
    result = streamplate("new", "x", "--preset", "minimal", "--release", "0.4.0")
    assert (result.exit_code, "The presets are: none here" in result.stderr) == (2, True)


@pytest.mark.parametrize("content", ["a: [", "answers: {}\n", "description: x\nanswer: {}\n"])
def test_one_that_cannot_be_read(publish: Callable[..., None], streamplate: Command, content: str) -> None:
    publish({"template/presets/mine.yml": content})
    result = streamplate("new", "x", "--preset", "mine")
    assert (result.exit_code, "The preset mine cannot be read" in result.stderr) == (1, True)
