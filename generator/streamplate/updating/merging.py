"""Carry a plan out: render both releases, have them merged with the project, put the result where it is wanted."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from streamplate import names, notes, project, prompting, questions, toolchain
from streamplate.errors import StreamplateError
from streamplate.notes import Notes
from streamplate.project import Repository
from streamplate.render import Render
from streamplate.toolchain import quoted
from streamplate.updating import (
    answers,
    branch,
    changes,
    guard,
    journal,
    migrations,
    once,
    settings,
    three_way,
    worktree,
)
from streamplate.updating.changes import Change
from streamplate.updating.plan import Plan
from streamplate.updating.report import Report
from streamplate.updating.store import Store
from streamplate.updating.three_way import Merged


def nothing_to_do(plan: Plan) -> Report:
    return Report(str(plan.project.root), "up to date", plan.release, plan.release)


def carry_out(plan: Plan, folders: Mapping[str, Path], render: Render) -> Report:
    """Merge a release into a project; `folders` are the plan's releases, unpacked."""
    repository = project.repository_of(plan.project.root)
    with journal.of(repository).locked() if plan.request.stages else nullcontext():
        return _merged(repository, plan, folders, render)


def _merged(repository: Repository, plan: Plan, folders: Mapping[str, Path], render: Render) -> Report:
    project.refuse_dirty(repository, "." if plan.request.stages else project.ANSWERS_FILE)
    project.refuse_markers(plan.project.root)
    crossed = notes.crossed(folders[plan.release], plan.project.release, plan.release)
    with tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
        store = Store(Path(folder, "store"), repository)
        sides = _rendered(plan, folders, render, crossed, Path(folder))
        base, theirs = (store.tree(path) for path in (sides.base, sides.theirs))
        base, theirs = once.left_alone(
            store, base, repository.tree, theirs, [*sides.once, *answers.own_files(plan.project)]
        )
        moves = {old: new for release in crossed for old, new in release.renames.items()}
        yours = answers.aligned(store, repository.tree, base)
        merged = three_way.merge(store, base, yours, theirs, label=plan.release, renames=moves)
        if plan.keeps_release and merged == Merged(repository.tree):
            return Report(str(plan.project.root), "unchanged", plan.release, plan.release)
        report = _report(plan, store, repository, merged, crossed)
        steps = migrations.steps(folders[plan.release], plan.project.release, plan.release)
        gone = settings.gone(sides.base, sides.theirs, _settings(store, repository, merged), crossed)
        report = replace(report, manual=[*report.manual, *steps, *gone], message=sides.message)
        report = replace(report, checks=toolchain.checks(sides.theirs))
        return _delivered(report, repository, store, merged, plan)


@dataclass(frozen=True)
class _Sides:
    """Both releases, rendered, and what the newer one says."""

    base: Path
    theirs: Path
    once: list[str]
    message: str


def _rendered(plan: Plan, folders: Mapping[str, Path], render: Render, crossed: list[Notes], folder: Path) -> _Sides:
    """The project as its own release makes it, and as the new release does with the new answers.

    Both in folders of the project's name, which some templates ask for.
    """
    found, name = plan.project, plan.project.root.name or "project"
    old, new = folders[found.release], folders[plan.release]
    base, theirs = folder / "base" / name, folder / "theirs" / name
    rendered = render(old, base, answers.known(found.answers, old), tag=found.release, ask=False).answers
    had = dict(found.answers)
    if lacking := answers.missing(found, rendered):
        answers.refuse_missing(found, lacking, plan.request.answers)
        had |= questions.typed({key: plan.request.answers[key] for key in lacking}, questions.read(old))
        base = folder / "completed" / name
        render(old, base, answers.known(had, old), tag=found.release, ask=False)
    asked, carried = questions.read(new), answers.carried(had, crossed, new)
    given = questions.typed(plan.request.answers, asked, carried)
    if followers := answers.followers(asked, had, given):
        chosen = {key: value for key, value in had.items() if key not in followers}
        usual = render(old, folder / "usual" / name, answers.known(chosen, old), tag=found.release, ask=False).answers
        carried = {key: value for key, value in carried.items() if key not in followers or value != usual.get(key)}
    if plan.request.ask:
        carried = answers.offered(carried, asked)
    form = prompting.full if plan.request.ask else prompting.none
    with form(new, carried | given) as ask:
        made = render(new, theirs, carried | given, tag=plan.release, ask=ask)
    questions.refuse_unasked(given, asked, made.answers)
    names.refuse_own_dependency(new, theirs)
    answers.keep_others(found, old, theirs)
    return _Sides(base, theirs, made.once, made.messages.get("message_after_update", ""))


def _report(plan: Plan, store: Store, repository: Repository, merged: Merged, crossed: list[Notes]) -> Report:
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
        path=str(plan.project.root),
        status="conflicts" if merged.conflicts else "updated",
        old=plan.project.release,
        new=plan.release,
        added=letters["A"],
        changed=letters["M"] + letters["T"],
        removed=letters["D"],
        renamed=renamed,
        conflicts=sorted(merged.conflicts),
        kept=merged.kept,
        missed=merged.missed,
        news=[f"{each.release}: {feature}" for each in crossed for feature in each.features],
        breaking=[text for release in crossed for text in release.breaking],
        manual=[text for release in crossed for text in release.manual],
    )


def _settings(store: Store, repository: Repository, merged: Merged) -> dict[str, str]:
    """The owner's TOML files as merged or, in conflict, as they were. Tools read pyproject.toml, not the project."""
    mine = store.entries(repository.tree)
    files = store.entries(merged.tree) | {path: mine[path] for path in merged.conflicts if path in mine}
    wanted = [path for path in files if path.endswith(".toml") and "/" not in path and path != "pyproject.toml"]
    return {path: store.text(files[path][1]) for path in wanted}


def with_refusal(report: Report, repository: Repository, changed: list[Change]) -> Report:
    """A preview's report, with what the update itself would be refused for."""
    try:
        guard.refuse(repository, changed, guard.flags(repository))
    except StreamplateError as failure:
        return replace(report, error=failure.message, hint=failure.hint)
    return report


def _delivered(report: Report, repository: Repository, store: Store, merged: Merged, plan: Plan) -> Report:
    changed = changes.between(store, repository.tree, merged.tree, prefix=repository.prefix)
    if plan.request.preview:
        diff = store.git("diff", "--binary", "-M", repository.tree, merged.tree)
        return replace(with_refusal(report, repository, changed), diff=diff)
    conflicts = {repository.prefix + path: entries for path, entries in merged.conflicts.items()}
    sides = [entry.object_id for entries in conflicts.values() for entry in entries]
    objects = [*(change.object_id for change in changed if not change.is_removal), *sides]
    if name := plan.request.branch:
        store.deliver(objects, repository)
        branch.commit(repository, changed, name, f"Update to streamplate {report.new}")
        return replace(report, undo=f"git -C {quoted(str(repository.top))} branch -D {quoted(name)}")
    worktree.stage(repository, changed, conflicts, lambda: store.deliver(objects, repository))
    return replace(report, undo=f"streamplate undo {quoted(str(plan.project.root))}")
