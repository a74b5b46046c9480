"""Make an existing repository a project: what it lacks is added beside what is there, and nothing of it is changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from streamplate import names, project, prompting, questions, requirements, sources
from streamplate.errors import UsageProblem
from streamplate.git import git
from streamplate.project import ANSWERS_FILE, Repository
from streamplate.template import Template
from streamplate.toolchain import quoted
from streamplate.updating import changes, guard, journal, merging, restore, worktree
from streamplate.updating.answers import OWN_FILES
from streamplate.updating.report import Report
from streamplate.updating.store import Store


@dataclass(frozen=True)
class Adoption:
    """What a repository is to become."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    ask: bool = False
    """Prompt for what `answers` leaves open; without it, it takes its default."""
    preview: bool = False
    """Write nothing: `Report.diff` is what it would be."""
    release: str = ""
    """The newest one if empty."""
    source: str = ""
    """`URL[@ref]` of another template."""
    trusted: bool = False
    """Let that template run its code."""
    say: Callable[[str], None] = sources.silent
    """Is told what the template runs."""


def adopt(root: str | Path, wanted: Adoption | None = None) -> Report:
    """Add to the repository in `root` what a project has and it lacks, and the answers, by which it is updated.

    A file that is in the way stays, and is the owner's from then on: `Report.own`. `StreamplateError` where the folder
    is a project, is not committed to git, or has uncommitted changes; then nothing is written.
    """
    wanted = wanted or Adoption()
    root = Path(os.path.abspath(root))
    restore.recover(root)
    if (root / ANSWERS_FILE).exists():
        raise UsageProblem(f"{root} is a project already", f"To update it: streamplate update {quoted(str(root))}")
    repository = project.repository_of(root)
    with (
        nullcontext() if wanted.preview else journal.of(repository).locked(),
        sources.named(wanted.source, trusted=wanted.trusted, say=wanted.say) as template,
    ):
        project.refuse_dirty(repository, ".")
        return _adopted(repository, template, wanted)


def _adopted(repository: Repository, template: Template, wanted: Adoption) -> Report:
    with tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
        rendered = Path(folder, "theirs", repository.root.name or "project")
        report = _rendered(repository, template, wanted, rendered)
        store = Store(Path(folder, "store"), repository)
        made = store.entries(store.tree(rendered))
        added = {path: entry for path, entry in made.items() if path not in report.own}
        lines = "".join(f"{mode} {object_id}\t{path}\0" for path, (mode, object_id) in added.items())
        tree = store.edited(repository.tree, lines)
        changed = changes.between(store, repository.tree, tree, prefix=repository.prefix)
        report = replace(report, added=sorted(added))
        if wanted.preview:
            diff = store.git("diff", "--binary", repository.tree, tree)
            return replace(merging.with_refusal(report, repository, changed), diff=diff)
        objects = [change.object_id for change in changed]
        worktree.stage(repository, changed, {}, lambda: store.deliver(objects, repository))
        return replace(report, undo=f"streamplate undo {quoted(str(repository.root))}")


def _rendered(repository: Repository, template: Template, wanted: Adoption, place: Path) -> Report:
    """Render into `place`; the report says what is in the way, and what is left to be done."""
    root, tag = repository.root, template.release(wanted.release)
    with template.unpacked(tag) as folders:
        asked = questions.read(folders[tag])
        known = {question.key for question in asked}
        guessed = {key: value for key, value in requirements.guessed(root, folders[tag]).items() if key in known}
        answers = questions.typed({**guessed, **wanted.answers}, asked)
        form = prompting.full if wanted.ask else prompting.none
        with form(folders[tag], answers) as ask:
            rendered = template.render(folders[tag], place, answers, tag=tag, ask=ask)
        questions.refuse_unasked(wanted.answers, asked, rendered.answers)
        names.refuse_own_dependency(folders[tag], place)
    own = sorted(_in_the_way(root, _files(place), _submodules(repository)))
    _record(place / ANSWERS_FILE, own)
    manual = [*requirements.lacking(root, place, own), *_to_do(own)]
    return Report(str(root), "adopted", new=rendered.answers["_commit"], own=own, manual=manual)


def _files(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return [path.relative_to(folder).as_posix() for path in found]


def _in_the_way(root: Path, files: Iterable[str], submodules: set[str]) -> set[str]:
    """Those of `files` in whose place the owner has something, in whatever case its name is written."""
    there = {path.relative_to(root).as_posix().casefold(): path for path in _inside(root)}
    return {path for path in files if path.casefold() in there or _is_blocked(path, there, submodules)}


def _is_blocked(path: str, there: Mapping[str, Path], submodules: set[str]) -> bool:
    """Whether a folder on the way to a file is a file, a link or another repository."""
    names = [folder.as_posix().casefold() for folder in Path(path).parents[:-1]]
    folders = (there[name] for name in names if name in there)
    closed = any(each.is_symlink() or not each.is_dir() or guard.is_repository(each) for each in folders)
    return closed or not submodules.isdisjoint(names)


def _submodules(repository: Repository) -> set[str]:
    """Folders that are submodules, fetched or not, as names for comparing."""
    listed = git("ls-tree", "-r", "-z", repository.tree, cwd=repository.top).split("\0")
    return {line.partition("\t")[2].casefold() for line in listed if line.startswith("160000 ")}


def _inside(root: Path) -> Iterable[Path]:
    for place, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in project.NEVER_A_PROJECT]
        yield from (Path(place, name) for name in [*folders, *files])


def _record(path: Path, own: list[str]) -> None:
    """Write down which files the template is to leave alone."""
    import yaml

    if own:
        with path.open("a", encoding="utf-8") as file:
            file.write(yaml.safe_dump({OWN_FILES: own}, allow_unicode=True))


def _to_do(own: list[str]) -> list[str]:
    if not own:
        return []
    return [f"To have the template's in place of a file of yours: take it off {OWN_FILES} in {ANSWERS_FILE}"]
