"""Make a project: render it beside its destination, then move it into place whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from streamplate import names, other_template, presets, questions, repository, template, toolchain
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.our_template import OURS
from streamplate.template import Template


@dataclass(frozen=True)
class NewProject:
    """What was made, or with `dry_run` would have been."""

    path: Path
    release: str
    answers: dict[str, Any]
    """In the order of the questions."""
    files: list[str]
    """Relative to `path`, sorted."""
    repository: bool
    """Whether `path` became a git repository of its own."""
    next_steps: list[str] = field(default_factory=list)
    """What to type next, from the current folder."""
    note: str = ""


def new(
    destination: str | os.PathLike[str],
    answers: Mapping[str, Any] | None = None,
    *,
    preset: str = "",
    ask: bool = False,
    git: bool | None = None,
    release: str = "",
    source: str = "",
    trust: bool = False,
    dry_run: bool = False,
    review: Callable[[NewProject], None] = lambda made: None,
    say: Callable[[str], None] = lambda text: None,
) -> NewProject:
    """Render a project into `destination`, which must be new or empty.

    `answers` go before those of `preset`. What both leave open is prompted for with `ask`, else takes its default.
    `git=None` makes a repository with a first commit unless `destination` is inside one already.
    `source` is the `URL[@ref]` of another template. `say` is told what it runs, which it does only with `trust`.
    `review` is shown the project before it is written, and stops that by raising.
    Either everything is written or nothing; `StreamplateError` says why not.
    """
    target = Path(os.path.abspath(destination))
    _refuse_full(target)
    _refuse_mixed(source, release, trust)
    make_repository = not repository.inside_repository(target) if git is None else git
    with _opened(source, trust, say) as origin, _staging(target, dry_run) as project:
        tag = origin.release(release)
        with origin.unpacked(tag) as folders:
            asked = questions.read(folders[tag])
            given = questions.typed(presets.answers(folders[tag], preset) | dict(answers or {}), asked)
            recorded = origin.render(folders[tag], project, given, tag=tag, ask=ask)
            names.refuse_own_dependency(folders[tag], project)
        answered = {question.key: recorded[question.key] for question in asked if question.key in recorded}
        steps = toolchain.next_steps(target, toolchain.scripts(project))
        made = NewProject(target, recorded["_commit"], answered, _files(project), make_repository, steps)
        if dry_run:
            return made
        review(made)
        return _written(made, project, f"from {origin.address}" if source else "with streamplate")


def presets_of(release: str = "") -> dict[str, str]:
    """What each preset of our template is, by its name."""
    with template.unpacked(release) as folder:
        return {preset.name: preset.description for preset in presets.read(folder).values()}


def _opened(source: str, trust: bool, say: Callable[[str], None]) -> AbstractContextManager[Template]:
    return other_template.opened(source, trust=trust, say=say) if source else nullcontext(OURS)


def _written(made: NewProject, project: Path, how: str) -> NewProject:
    message = f"Created {how} {made.release}"
    note = repository.first_commit(project, message) if made.repository else ""
    _move(project, made.path)
    return replace(made, note=note)


def _refuse_full(target: Path) -> None:
    if target.is_dir() and {entry.name for entry in target.iterdir()} - {".git"}:
        raise UsageProblem(f"{target} is not empty", "Choose a new folder, or an empty one")
    if target.exists() and not target.is_dir():
        raise UsageProblem(f"{target} is a file", "Choose a new folder, or an empty one")


def _refuse_mixed(source: str, release: str, trust: bool) -> None:
    if source and release:
        raise UsageProblem("A release is one of our own template", "That of another one is named with it: URL@REF")
    if trust and not source:
        raise UsageProblem("Trust is for another template", "Ours runs no code of its own")


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
