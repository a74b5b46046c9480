"""Bring projects to another release of the template, or to other answers, with their owners' edits kept."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from streamplate import notes, project, questions, template, worktree
from streamplate.errors import ForeignTemplate, StreamplateError, UsageProblem
from streamplate.merge import Merged, Store, merge
from streamplate.project import Project, Repository
from streamplate.render import Render, render
from streamplate.template import SOURCE, order, releases, unpacked


@dataclass(frozen=True)
class Wanted:
    """What an update is asked to do, the same for every project."""

    to: str = ""
    """Release; the newest one if empty, each project's own with `keep_release`."""
    keep_release: bool = False
    answers: Mapping[str, Any] = field(default_factory=dict)
    branch: str = ""
    """Commit to a new branch of this name instead of staging in the work tree."""
    preview: bool = False
    ask: bool = False

    @property
    def stages(self) -> bool:
        """Whether the result goes to the index and the work tree."""
        return not (self.preview or self.branch)


@dataclass(frozen=True)
class Report:
    """What an update did to one project, or with a preview would do. Paths are relative to the project."""

    path: str
    status: str
    """`updated`, `conflicts`, `up to date`, `skipped` or `failed`."""
    old: str = ""
    new: str = ""
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Files with the user's edits that the template no longer has: kept."""
    missed: list[str] = field(default_factory=list)
    """Files that the user deleted, or renamed and rewrote, and the template changed: still deleted."""
    breaking: list[str] = field(default_factory=list)
    manual: list[str] = field(default_factory=list)
    undo: str = ""
    diff: str = ""
    """Of a preview: the change as a patch."""
    error: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Job:
    """One project, and everything needed to update it."""

    found: Project
    wanted: Wanted
    tag: str
    templates: Mapping[str, Path]
    """The project's release and `tag`, each unpacked."""
    render: Render = render


def plan(root: Path, wanted: Wanted) -> tuple[Project, str]:
    """The project in `root`, an update that was killed there taken back, and the release it is to be brought to."""
    if wanted.stages:
        worktree.recover(root)
    found = project.load(root)
    return found, target(found, wanted)


def target(found: Project, wanted: Wanted) -> str:
    """Release that a project is to be brought to; refuses downgrades and releases that are not on board."""
    known = releases()
    if found.source != SOURCE:
        hint = f"To follow that one: --template {found.source}"
        raise ForeignTemplate(f"{found.root} was made from another template, {found.source}", hint)
    if found.release not in known:
        newer = project.is_release(found.release) and order(found.release) > order(known[-1])
        hint = "Upgrade streamplate to at least that version" if newer else f"On board: {', '.join(known)}"
        raise StreamplateError(f"{found.root} was made by {found.release}, which this streamplate does not know", hint)
    tag = found.release if wanted.keep_release else template.tag(wanted.to)
    if tag not in known:
        raise UsageProblem(f"There is no release {tag}", f"On board: {', '.join(known)}")
    if order(tag) < order(found.release):
        raise UsageProblem(f"{found.root} is at {found.release} already; going back to {tag} is not supported")
    return tag


def configure(root: str | Path, answers: Mapping[str, Any], *, branch: str = "", preview: bool = False) -> Report:
    """Give the project in `root` other answers on the release it has; nothing has changed when this raises."""
    return update(root, Wanted(keep_release=True, answers=answers, branch=branch, preview=preview))


def update(root: str | Path, wanted: Wanted | None = None) -> Report:
    """Update the project in `root`, by default to the newest release; nothing has changed when this raises.

    Conflicts are no failure: `Report.conflicts` names the files, which git shows as unmerged. `StreamplateError` says
    what is in the way: uncommitted changes, conflict markers, a release that is not on board.
    """
    wanted = wanted or Wanted()
    found, tag = plan(Path(root), wanted)
    if report := unchanged(found, wanted, tag):
        return report
    with ExitStack() as stack:
        templates = {release: stack.enter_context(unpacked(release)) for release in {found.release, tag}}
        return merge_release(Job(found, wanted, tag, templates))


def unchanged(found: Project, wanted: Wanted, tag: str) -> Report | None:
    """The report where there is nothing to do, which costs no rendering to know; an unfinished merge is refused."""
    if tag != found.release or wanted.keep_release or wanted.answers:
        return None
    project.refuse_markers(found.root)
    return Report(str(found.root), "up to date", tag, tag)


def merge_release(job: Job) -> Report:
    """Merge a release into a project."""
    found, wanted = job.found, job.wanted
    repository = project.repository_of(found.root)
    project.refuse_dirty(repository, "." if wanted.stages else project.ANSWERS_FILE)
    project.refuse_markers(found.root)
    crossed = notes.crossed(job.templates[job.tag], found.release, job.tag)
    with tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
        store = Store(Path(folder, "store"), repository)
        base, theirs = (store.tree(path) for path in _rendered(job, crossed, Path(folder)))
        moves = {old: new for release in crossed for old, new in release.renames.items()}
        merged = merge(store, base, repository.tree, theirs, label=job.tag, renames=moves)
        report = _report(job, store, repository, merged, crossed)
        return _carry_out(report, repository, store, merged, wanted)


def _rendered(job: Job, crossed: list[notes.Notes], folder: Path) -> tuple[Path, Path]:
    """The project as its own release makes it, and as the new release does with the new answers."""
    base, theirs = folder / "base", folder / "theirs"
    old, new = job.templates[job.found.release], job.templates[job.tag]
    job.render(old, base, _known(job.found.answers, old), tag=job.found.release, ask=False)
    renamed = {before: after for release in crossed for before, after in release.answers.items()}
    carried = _known({renamed.get(key, key): value for key, value in job.found.answers.items()}, new)
    given = questions.typed(job.wanted.answers, questions.read(new))
    job.render(new, theirs, carried | given, tag=job.tag, ask=job.wanted.ask)
    return base, theirs


def _known(answers: Mapping[str, Any], template: Path) -> dict[str, Any]:
    """Those answers that the template still asks for."""
    keys = {question.key for question in questions.read(template)}
    return {key: value for key, value in answers.items() if key in keys}


def _report(job: Job, store: Store, repository: Repository, merged: Merged, crossed: list[notes.Notes]) -> Report:
    letters: dict[str, list[str]] = {"A": [], "M": [], "D": [], "T": []}
    renamed = {}
    parts = iter(store.git("diff", "--name-status", "-z", "-M", repository.tree, merged.tree).split("\0"))
    for letter in parts:
        if letter.startswith("R"):
            old = next(parts)
            renamed[old] = next(parts)
        elif letter:
            letters[letter].append(next(parts))
    return Report(
        path=str(job.found.root),
        status="conflicts" if merged.conflicts else "updated",
        old=job.found.release,
        new=job.tag,
        added=letters["A"],
        changed=letters["M"] + letters["T"],
        removed=letters["D"],
        renamed=renamed,
        conflicts=sorted(merged.conflicts),
        kept=merged.kept,
        missed=merged.missed,
        breaking=[text for release in crossed for text in release.breaking],
        manual=[text for release in crossed for text in release.manual],
    )


def _carry_out(report: Report, repository: Repository, store: Store, merged: Merged, wanted: Wanted) -> Report:
    if wanted.preview:
        return replace(report, diff=store.git("diff", "--binary", "-M", repository.tree, merged.tree))
    if wanted.branch:
        worktree.branch(repository, store, merged, wanted.branch, f"Update to streamplate {report.new}")
        return replace(report, undo=f"git branch -D {wanted.branch}")
    worktree.stage(repository, store, merged)
    return replace(report, undo="git restore --source=HEAD --staged --worktree -- .")
