"""The tables in README.md and docs: `python -m tests.readme` writes them from the template's data, a test compares."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import streamplate
from streamplate import Question

from tests.template.combinations import matrix, questions

README = Path(__file__).parents[1] / "README.md"
PAGES = [README, README.parent / "docs" / "measurements.md"]
RESULTS = Path(__file__).parent / "benchmarks" / "frameworks.json"
"""What tests/benchmarks/frameworks.py measured."""


def choices() -> str:
    """Each question that has a list of answers, the default first."""
    default = streamplate.new("my-agent", dry_run=True).answers
    asked = [question for question in questions() if question.choices]
    rows = [f"| `{question.key}` | {_answers(question, default[question.key])} |" for question in asked]
    return "\n".join(["| Question | Answers |", "|---|---|", *rows])


def _answers(question: Question, default: Any) -> str:
    defaults = default if question.multiple else [default]
    named = [f"**`{value}`**" if value in defaults else f"`{value}`" for value in question.choices]
    return ", ".join(named) + (": any of them, or none" if question.multiple else "")


def providers() -> str:
    """Which framework is offered with which model provider."""
    offered, labels = matrix(), {question.key: question.choices for question in questions()}
    columns = list(labels["model_provider"])
    head = ["| | " + " | ".join(f"`{provider}`" for provider in columns) + " |", "|---|" + ":-:|" * len(columns)]
    rows = [[labels["framework"][name], *("✓" if c in offered[name] else "" for c in columns)] for name in offered]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


MEASURED = {
    "Install, MB": "{install_mb:.0f}",
    "Import, s": "{import_s:.1f} ({first_import_s:.1f})",
    "First text, ms": "{first_text_ms:.0f} ({first_request_ms:.0f})",
    "Latency, ms": "{latency_ms:.1f}",
    "CPU, µs": "{cpu_us:.0f} ({cpu_ratio:.1f})",
    "40 streams, s": "{few_s:.2f}",
    "200 streams, s": "{many_s:.1f}",
    "Session, MB": "{session_mb:.2f}",
}


def frameworks() -> str:
    """What was measured of each framework; a dash where nothing was yet, and the file says why one failed."""
    labels = next(question.choices for question in questions() if question.key == "framework")
    measured = json.loads(RESULTS.read_text("utf-8"))
    head = [f"| | {' | '.join(MEASURED)} |", "|---|" + "--:|" * len(MEASURED)]
    rows = [
        _row(label.partition(" (")[0], measured.get(name, {}), measured["strands"]) for name, label in labels.items()
    ]
    return "\n".join([*head, *rows])


def _row(name: str, measured: dict[str, Any], strands: dict[str, Any]) -> str:
    if "version" not in measured:
        return f"| {name} | {'failed' if measured else '-'} |" + " |" * (len(MEASURED) - 1)
    ratio = measured["cpu_us"] / strands["cpu_us"]
    cells = [cell.format(cpu_ratio=ratio, **measured) for cell in MEASURED.values()]
    return f"| {name} {measured['version']} | {' | '.join(cells)} |"


TABLES = {"choices": choices, "providers": providers, "frameworks": frameworks}


def filled(text: str) -> str:
    """`text` with what stands between `<!-- NAME -->` and `<!-- end -->` made afresh."""
    for name, table in TABLES.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = pattern.sub(lambda found, table=table: f"{found[1]}{table()}\n{found[2]}", text)
    return text


def main() -> None:
    for page in PAGES:
        page.write_text(filled(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
