"""The tables in README.md: `python -m tests.readme` writes them from the template's own data, and a test compares."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import streamplate
from streamplate import Question

from tests.template.combinations import matrix

README = Path(__file__).parents[1] / "README.md"


def choices() -> str:
    """Each question that has a list of answers, the default first."""
    default = streamplate.new("my-agent", dry_run=True).answers
    asked = [question for question in streamplate.options() if question.choices]
    rows = [f"| `{question.key}` | {_answers(question, default[question.key])} |" for question in asked]
    return "\n".join(["| Question | Answers |", "|---|---|", *rows])


def _answers(question: Question, default: Any) -> str:
    defaults = default if question.multiple else [default]
    named = [f"**`{value}`**" if value in defaults else f"`{value}`" for value in question.choices]
    return ", ".join(named) + (": any of them, or none" if question.multiple else "")


def providers() -> str:
    """Which framework is offered with which model provider."""
    offered, labels = matrix(), {question.key: question.choices for question in streamplate.options()}
    columns = list(labels["model_provider"])
    head = ["| | " + " | ".join(f"`{provider}`" for provider in columns) + " |", "|---|" + ":-:|" * len(columns)]
    rows = [[labels["framework"][name], *("✓" if c in offered[name] else "" for c in columns)] for name in offered]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


TABLES = {"choices": choices, "providers": providers}


def filled(text: str) -> str:
    """`text` with what stands between `<!-- NAME -->` and `<!-- end -->` made afresh."""
    for name, table in TABLES.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        assert len(pattern.findall(text)) == 1, f"README.md has no place for the table of {name}"
        text = pattern.sub(lambda found, table=table: f"{found[1]}{table()}\n{found[2]}", text)
    return text


def main() -> None:
    README.write_text(filled(README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
