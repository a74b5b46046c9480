"""A project in a few lines: its answers, its folders, what to type next."""

from __future__ import annotations

import os
from itertools import groupby

import click

from streamplate.creation import NewProject
from streamplate.questions import in_words


def overview(made: NewProject) -> str:
    """What is about to be written."""
    width = max(map(len, made.answers), default=0)
    answers = [f"  {key:<{width}}  {in_words(value)}" for key, value in made.answers.items()]
    title = f"{click.style(str(made.path), bold=True)}, from template {made.release}"
    return "\n".join([title, "", *answers, "", *tree(made)])


def created(made: NewProject, *, with_tree: bool) -> str:
    """What was written, and what to type next."""
    repository = ", in a new git repository" if made.repository else ""
    done = click.style(f"Created {made.path.name}", bold=True) + f": {len(made.files)} files{repository}."
    folders = ["", *tree(made)] if with_tree else []
    steps = [f"  {click.style(step, fg='cyan')}" for step in made.next_steps]
    said = [text for text in (made.note, made.message) if text]
    return "\n".join([done, *said, *folders, "", "Next:", *steps])


def listing(made: NewProject) -> str:
    """Every file that would be written."""
    return "\n".join([*made.files, "", f"{len(made.files)} files would be written to {made.path}"])


def tree(made: NewProject) -> list[str]:
    """The folders of a project with how many files are in each, then the files beside them."""
    beside = [path for path in made.files if "/" not in path]
    inside = groupby((path for path in made.files if "/" in path), key=lambda path: path.split("/")[0])
    folders = {
        f"{os.path.commonpath([os.path.dirname(path) for path in group])}/": len(group)
        for group in (list(paths) for _, paths in inside)
    }
    width = max(map(len, folders), default=0)
    lines = [f"  {folder:<{width}}  {count:3} file{'s'[: count != 1]}" for folder, count in folders.items()]
    return [f"{made.path.name}/", *lines, *click.wrap_text("  ".join(beside), 80, "  ", "  ").splitlines()]
