"""Make a project: render it beside its destination, then move it into place whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamplate import questions, repository, template
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.render import render
from streamplate.toolchain import next_steps


@dataclass(frozen=True)
class NewProject:
    """What was made, or with `dry_run` would have been."""

    path: Path
    release: str
    answers: dict[str, Any]
    files: list[str]
    """Relative to `path`, sorted."""
    repository: bool
    """Whether `path` became a git repository of its own."""
    note: str = ""

    @property
    def next_steps(self) -> list[str]:
        """What to type next, from the current folder."""
        return next_steps(self.path, self.answers.get("clients", []))


def new(
    destination: str | os.PathLike[str],
    answers: Mapping[str, Any] | None = None,
    *,
    ask: bool = False,
    git: bool | None = None,
    release: str = "",
    dry_run: bool = False,
) -> NewProject:
    """Render a project into `destination`, which must be new or empty.

    Questions that `answers` leaves open are prompted for with `ask`, and take their defaults without.
    `git=None` makes a repository with a first commit unless `destination` is inside one already.
    Either everything is written or nothing.
    """
    target = Path(os.path.abspath(destination))
    _refuse_full(target)
    tag = template.tag(release)
    make_repository = not repository.inside_repository(target) if git is None else git
    with template.unpacked(tag) as source, _staging(target, dry_run) as project:
        given = questions.typed(answers or {}, questions.read(source))
        recorded = render(source, project, given, tag=tag, ask=ask)
        files = _files(project)
        note = ""
        if not dry_run:
            note = repository.first_commit(project, f"Created with streamplate {tag}") if make_repository else ""
            _move(project, target)
    return NewProject(target, tag, _public(recorded), files, make_repository, note)


def _refuse_full(target: Path) -> None:
    if target.is_dir() and {entry.name for entry in target.iterdir()} - {".git"}:
        raise UsageProblem(f"{target} is not empty", "Choose a new folder, or an empty one")
    if target.exists() and not target.is_dir():
        raise UsageProblem(f"{target} is a file", "Choose a new folder, or an empty one")


@contextmanager
def _staging(target: Path, dry_run: bool) -> Iterator[Path]:
    """A folder named as `target` (the project's name follows it), on its file system, that is gone afterwards."""
    beside = next(path for path in (target, *target.parents) if path.is_dir())
    try:
        staging = tempfile.TemporaryDirectory(prefix=".streamplate-", dir=None if dry_run else beside)
    except OSError as error:
        raise StreamplateError(f"{beside} cannot be written to ({error.strerror})", "Choose another folder") from error
    with staging as folder:
        yield Path(folder, target.name or "project")


def _move(project: Path, target: Path) -> None:
    """Put the rendered project in place by one rename, or one an entry where `target` is a folder already."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        project.rename(target)
        return
    moved: list[Path] = []
    try:
        for entry in list(project.iterdir()):
            moved.append(entry.rename(target / entry.name))
    except BaseException:
        for entry in moved:
            entry.rename(project / entry.name)
        raise


def _files(project: Path) -> list[str]:
    return sorted(path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file())


def _public(recorded: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in recorded.items() if not key.startswith("_")}
