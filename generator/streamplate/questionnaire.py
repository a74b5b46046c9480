"""The questions as Copier asks them: with the defaults that follow from other answers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamplate import other_template, questions, template
from streamplate.errors import UsageProblem
from streamplate.questions import NOTHING, Question

FOLDER = "my-agent"
"""A project's name follows from its folder: this one, for want of any."""


def options(release: str = "", *, source: str = "") -> list[Question]:
    """Every question that can be answered, in order, with its default where all other answers are theirs.

    `release` is one of our own template, the newest of an empty name; `source` the `URL[@ref]` of another template,
    of which no code is run: a default that needs it stays Jinja source.
    """
    with _folder(release, source) as folder:
        asked = questions.read(folder)
        defaults = _defaults(folder, asked)
    return [replace(question, default=defaults.get(question.key, question.default)) for question in asked]


def changeable(folder: Path, asked: list[Question], answers: Mapping[str, Any]) -> list[Question]:
    """The questions, with the list that an answer such as `+a,-b` changes, also where that follows from others."""
    changes = {key for key, value in answers.items() if isinstance(value, str) and value[:1] in ("+", "-")}
    follows = {question.key for question in asked if question.multiple and isinstance(question.default, str)} & changes
    if not follows:
        return asked
    others = questions.typed({key: value for key, value in answers.items() if key not in changes}, asked)
    defaults = _defaults(folder, asked, others)
    return [replace(each, default=defaults.get(each.key)) if each.key in follows else each for each in asked]


def expected(folder: Path, asked: list[Question], answers: Mapping[str, Any]) -> list[str]:
    """Keys of the questions that apply when the defaults answer what `answers` leave open."""
    found = _answered(folder, asked, answers)
    return [each.key for each in asked if each.key not in found.hidden] if found else []


def written(release: str = "", *, source: str = "") -> list[Question]:
    """The same questions as they are written: a default that follows from other answers is Jinja source."""
    with _folder(release, source) as folder:
        return questions.read(folder)


@contextmanager
def _folder(release: str, source: str) -> Iterator[Path]:
    if source and release:
        raise UsageProblem("A release is one of our own template", "That of another one is named with it: URL@REF")
    with _other(source) if source else template.unpacked(release) as folder:
        yield folder


@contextmanager
def _other(source: str) -> Iterator[Path]:
    """It is only read, so there is nothing to trust it with."""
    with other_template.opened(source, trusted=True, say=lambda text: None) as found:
        tag = found.release("")
        with found.unpacked(tag) as folders:
            yield folders[tag]


def _defaults(folder: Path, asked: Iterable[Question], answers: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
    """Copier's own answers to what `answers` leave open, without those that have no default."""
    found = _answered(folder, asked, answers)
    return {key: value for key, value in found.combined.items() if key not in found.init} if found else {}


def _answered(folder: Path, asked: Iterable[Question], answers: Mapping[str, Any]) -> Any:
    """Copier's `AnswersMap` of a project of which no file is wanted; None where it cannot be had."""
    import copier
    from copier.errors import CopierError
    from jinja2 import TemplateError
    from plumbum import local

    given = {question.key: question.example for question in asked if question.default is None} | dict(answers)
    options: dict[str, Any] = {"defaults": True, "pretend": True, "skip_tasks": True, "quiet": True, "exclude": ["*"]}
    with tempfile.TemporaryDirectory(prefix="streamplate-") as place, local.env(PATH=""):
        try:
            worker = copier.run_copy(str(folder), Path(place, FOLDER), given, settings=copier.Settings(), **options)
        except (CopierError, TemplateError, OSError, ValueError, TypeError):
            return None
    return worker.answers
