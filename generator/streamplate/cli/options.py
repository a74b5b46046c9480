"""`streamplate options`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping

import click

from streamplate import creation, questionnaire, questions
from streamplate.cli.answers import json_option
from streamplate.cli.complete import complete_question
from streamplate.cli.group import examples
from streamplate.cli.source import origin
from streamplate.questions import Question

EXAMPLES = examples(
    "streamplate options",
    "streamplate options tools deployment",
    "streamplate options --json",
    "streamplate options --template https://example.com/our-template.git",
)


@click.command(epilog=EXAMPLES)
@click.argument("keys", metavar="[QUESTION]...", nargs=-1, shell_complete=complete_question)
@click.option("--template", "source", metavar="URL[@REF]", default="", help="A template of your own, a git repository.")
@json_option
def options(keys: tuple[str, ...], source: str, as_json: bool) -> None:
    """List the questions with their choices and defaults.

    Lists all questions, or only those that are named. In a project of another template, lists the questions of that
    template.

    With --json, a default that depends on other answers is given as it is when those answers are defaults too.
    """
    source = origin(source)
    if as_json:
        asked = questions.named(questionnaire.options(source=source), keys)
        click.echo(json.dumps([dataclasses.asdict(question) for question in asked], indent=2))
        return
    every = questionnaire.written(source=source)
    asked = questions.named(every, keys)
    answers = {question.key: list(question.choices) for question in every}
    described = [_describe(question, answers) for question in asked]
    click.echo("\n\n".join(described if keys or source else [*described, _presets()]))


def _describe(question: Question, answers: Mapping[str, list[str]]) -> str:
    lines = [f"{click.style(question.key, bold=True)}{'  (list)' if question.multiple else ''}"]
    lines += [f"  {question.help}"] if question.help else []
    width = max(map(len, question.choices), default=0)
    for value, label in question.choices.items():
        limits = [_limit(limit, value, answers[other]) for other, limit in question.offered.items()]
        lines.append(f"    {value:<{width}}  {label}{''.join(limits)}")
    lines.append(f"  Default: {_default(question)}")
    if question.asked != "always":
        lines.append(f"  Asked when {question.asked}")
    return "\n".join(lines)


def _limit(limit: Mapping[str, list[str]], choice: str, answers: list[str]) -> str:
    """Which `answers` to another question a choice goes with, unless it is all of them."""
    refusing = [answer for answer, choices in limit.items() if choice not in choices]
    offering = [answer for answer in answers if answer not in refusing]
    if not refusing:
        return ""
    few = f"with {', '.join(offering)}" if len(offering) < len(refusing) else f"not with {', '.join(refusing)}"
    return f" ({few})"


def _presets() -> str:
    known = creation.presets_of()
    width = max(map(len, known))
    lines = [f"  {name:<{width}}  {description}" for name, description in known.items()]
    return "\n".join([click.style("--preset", bold=True), "  Answers that go together", *lines])


def _default(question: Question) -> str:
    if question.default is None:
        return f"none; for instance {question.example}"
    if question.computed:
        return "follows from other answers"
    listed = question.default if isinstance(question.default, list) else [question.default]
    return ",".join(map(str, listed)) or ("none" if question.multiple else "empty")
