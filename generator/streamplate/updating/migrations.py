"""A template's `_migrations`: commands of its own for an update, which are named and not run.

Copier runs them in the work tree, where what they change could neither be previewed nor taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamplate import questions
from streamplate.other_template import version_of


def steps(template: Path, old: str, new: str) -> list[str]:
    """What is to be done by hand for the migrations between two releases, as Copier would choose them."""
    return [f"Migration of the template: {command}" for command in _commands(template, old, new)]


def _commands(template: Path, old: str, new: str) -> Iterator[str]:
    before, after = version_of(old), version_of(new)
    if old == new or not (before and after):
        return
    for migration in questions.load(template).get("_migrations", []):
        form = migration if isinstance(migration, dict) else {"command": migration}
        of = version_of(str(form["version"])) if "version" in form else None
        if of is None or before < of <= after:
            yield from (_in_words(command) for command in _of(form))


def _of(form: dict[str, Any]) -> list[Any]:
    """Its command or, in the older form, those before and after an update."""
    return [form["command"]] if "command" in form else [*form.get("before", []), *form.get("after", [])]


def _in_words(command: Any) -> str:
    return " ".join(map(str, command)) if isinstance(command, list) else str(command)
