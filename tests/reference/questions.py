"""What `streamplate new` asks."""

from __future__ import annotations

import streamplate

from tests.reference.markdown import page_of, table
from tests.template.combinations import questions


def page() -> str:
    default = streamplate.new("my-agent", dry_run=True).answers
    text = (
        "What `streamplate new` asks, and `-d KEY=VALUE` answers. Several answers to one question are written `a,b`. "
        "`streamplate configure -d KEY=VALUE` changes an answer later: `+a` adds to a list, `-a` takes away from it."
    )
    return page_of("Questions", text, [_question(each, default.get(each.key)) for each in questions()])


def _question(question: streamplate.Question, default: object) -> str:
    listed = ", ".join(map(str, default)) if isinstance(default, list) else str(default if default is not None else "")
    lines = [f"## {question.key}", question.help if question.help.endswith("…") else f"{question.help}."]
    if question.asked != "always":
        lines.append(f"Asked only when {question.asked}.")
    if question.choices:
        rows = [[f"`{value}`", label if label != value else ""] for value, label in question.choices.items()]
        lines.append(table(["Answer", ""], rows))
    if listed:
        lines.append(f"Default: `{listed}`")
    return "\n\n".join(lines)
