"""`streamplate options`."""

from __future__ import annotations

import dataclasses
import json

import click

from streamplate import creation, questions
from streamplate.cli.answers import json_option
from streamplate.cli.group import examples


@click.command(epilog=examples("streamplate options", "streamplate options --json"))
@json_option
def options(as_json: bool) -> None:
    """List the questions with their choices and defaults."""
    asked = questions.options()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(question) for question in asked], indent=2))
    else:
        click.echo("\n\n".join([*map(_describe, asked), _presets()]))


def _describe(question: questions.Question) -> str:
    lines = [f"{click.style(question.key, bold=True)}{'  (list)' if question.multiple else ''}", f"  {question.help}"]
    width = max(map(len, question.choices), default=0)
    lines += [
        f"    {value:<{width}}  {label}{_frameworks(question, value)}" for value, label in question.choices.items()
    ]
    lines.append(f"  Default: {_default(question)}")
    if question.asked != "always":
        lines.append(f"  Asked when: {question.asked}")
    return "\n".join(lines)


def _frameworks(question: questions.Question, choice: str) -> str:
    """Which frameworks a choice goes with, unless it is all of them."""
    offering = [framework for framework, choices in question.offered.items() if choice in choices]
    refusing = [framework for framework in question.offered if framework not in offering]
    if not refusing:
        return ""
    few = f"with {', '.join(offering)}" if 0 < len(offering) < len(refusing) else f"not with {', '.join(refusing)}"
    return f" ({few})"


def _presets() -> str:
    known = creation.presets_of()
    width = max(map(len, known))
    lines = [f"  {name:<{width}}  {description}" for name, description in known.items()]
    return "\n".join([click.style("--preset", bold=True), "  Answers that go together", *lines])


def _default(question: questions.Question) -> str:
    if isinstance(question.default, list):
        return ",".join(map(str, question.default)) or "none"
    if question.default is None:
        return f"none; for instance {question.example}"
    return "follows from other answers" if "{{" in str(question.default) else str(question.default)
