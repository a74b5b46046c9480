"""Make a project: render it beside its destination, then move it into place whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from streamplate import names, other_template, presets, prompting, questionnaire, questions, repository, template
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.our_template import OURS
from streamplate.prompting import Form
from streamplate.template import Template
from streamplate.toolchain import next_steps, scripts


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
    """What to know before the first run, if anything."""
    message: str = ""
    """What the template says after a copy, `_message_after_copy` of Copier."""


def new(
    destination: str | os.PathLike[str],
    answers: Mapping[str, Any] | None = None,
    *,
    preset: str = "",
    ask: bool = False,
    quick: bool = False,
    git: bool | None = None,
    release: str = "",
    source: str = "",
    trust: bool = False,
    dry_run: bool = False,
    review: Callable[[NewProject], None] = lambda made: None,
    say: Callable[[str], None] = lambda text: None,
) -> NewProject:
    """Render a project into `destination`: a new folder, or one that has none of the project's files.

    `answers` go before those of `preset`. What both leave open is prompted for with `ask`, else takes its default.
    `quick` prompts for the few questions that the template names, in place of all.
    `git=None` makes a repository with a first commit unless `destination` is inside one already.
    `source` is the `URL[@ref]` of another template. `say` prints what it runs, which it does only with `trust`.
    `review` is shown the project before it is written, and stops that by raising.
    Either everything is written or nothing; `StreamplateError` says why not.
    """
    target = Path(os.path.abspath(destination))
    _refuse_file(target)
    _refuse_mixed(source, release, trust)
    make_repository = not repository.inside_repository(target) if git is None else git
    with _opened(source, trust, say) as origin, _staging(target, dry_run) as project:
        tag = origin.release(release)
        form = prompting.quick if quick else prompting.full if ask else prompting.none
        made = _rendered(origin, tag, project, target, given=answers or {}, preset=preset, form=form)
        made = replace(made, repository=make_repository)
        if dry_run:
            return made
        review(made)
        return _written(made, project, f"from {origin.address}" if source else "with streamplate")


def _rendered(
    origin: Template, tag: str, project: Path, target: Path, *, given: Mapping[str, Any], preset: str, form: Form
) -> NewProject:
    """What the release makes of the answers, rendered into `project`, for `target`."""
    with origin.unpacked(tag) as folders:
        asked = questions.read(folders[tag])
        told = presets.answers(folders[tag], preset) | dict(given)
        answers = questions.typed(told, questionnaire.changeable(folders[tag], asked, told))
        with form(folders[tag], answers) as ask:
            rendered = origin.render(folders[tag], project, answers, tag=tag, ask=ask)
        questions.refuse_unasked(given, asked, rendered.answers)
        names.refuse_own_dependency(folders[tag], project)
    _refuse_occupied(target, _files(project))
    recorded = rendered.answers
    answered = {question.key: recorded[question.key] for question in asked if question.key in recorded}
    steps = next_steps(target, scripts(project))
    message = rendered.messages.get("message_after_copy", "")
    return NewProject(target, recorded["_commit"], answered, _files(project), False, steps, message=message)


def presets_of(release: str = "") -> dict[str, str]:
    """What each preset of our template is, by its name."""
    with template.unpacked(release) as folder:
        return {preset.name: preset.description for preset in presets.read(folder).values()}


def _opened(source: str, trust: bool, say: Callable[[str], None]) -> AbstractContextManager[Template]:
    return other_template.opened(source, trusted=trust, say=say) if source else nullcontext(OURS)


def _written(made: NewProject, project: Path, how: str) -> NewProject:
    message = f"Created {how} {made.release}"
    note = repository.first_commit(project, message) if made.repository else ""
    _move(project, made.path)
    return replace(made, note=note)


def _refuse_file(target: Path) -> None:
    if os.path.lexists(target) and not target.is_dir():
        raise UsageProblem(f"{target} is a file", "Choose a new folder, or an empty one")


def _refuse_occupied(target: Path, files: list[str]) -> None:
    """Raise where the project would replace something in `target`; what else is there stays."""
    paths = {path for file in files for path in (target / file).parents if path != target} - {*target.parents, target}
    folders = sorted(path for path in paths if path.is_relative_to(target) and os.path.lexists(path))
    blocked = [path for path in folders if path.is_symlink() or not path.is_dir()]
    taken = [*blocked, *(target / file for file in files if os.path.lexists(target / file))]
    if taken:
        names = ", ".join(sorted({path.relative_to(target).as_posix() for path in taken})[:10])
        hint = "Move them away, or choose a new folder"
        raise UsageProblem(f"{target} has files of these names already: {names}", hint)


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
    """Put the rendered project in place by one rename, or one a file where `target` is a folder already."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        project.rename(target)
        return
    moved: list[Path] = []
    made: list[Path] = []
    try:
        for path in sorted(project.rglob("*")):
            place = target / path.relative_to(project)
            if path.is_dir() and not path.is_symlink():
                if not place.is_dir():
                    place.mkdir()
                    made.append(place)
            else:
                moved.append(path.rename(place))
    except BaseException:
        for place in moved:
            place.rename(project / place.relative_to(target))
        for folder in reversed(made):
            folder.rmdir()
        raise


def _files(project: Path) -> list[str]:
    return sorted(path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file())
