"""What all the pages are made of."""

from __future__ import annotations

from collections.abc import Iterable

WRITTEN = "<!-- Written by `python -m tests.reference`. -->"


def page_of(title: str, text: str, parts: Iterable[str]) -> str:
    """A page: its title, what it is, and its parts."""
    return "\n\n".join([f"# {title}", WRITTEN, text, *parts]) + "\n"


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table; a cell may have line breaks and bars."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
