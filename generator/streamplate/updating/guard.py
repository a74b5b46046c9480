"""The last look before an update writes: nothing of the user's may be in the way, whatever git was told to overlook."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from streamplate import project
from streamplate.errors import StreamplateError
from streamplate.git import attempt, git
from streamplate.project import Repository
from streamplate.updating.changes import Change

_SKIPPED = "Ss"


def flags(repository: Repository) -> dict[str, str]:
    """Tag of git-ls-files(1) `-v` of each tracked file of the project, by its path from the top."""
    listed = git("ls-files", "-v", "-z", "--full-name", "--", ".", cwd=repository.root).split("\0")
    return {line[2:]: line[0] for line in listed if line}


def outside_sparse(repository: Repository, changes: Iterable[Change], tags: dict[str, str]) -> set[str]:
    """Files that a sparse checkout leaves out: they change in the index only."""
    absent = (each.path for each in changes if tags.get(each.path, "H") in _SKIPPED)
    return {path for path in absent if not os.path.lexists(repository.top / path)}


def refuse(repository: Repository, changes: list[Change], tags: dict[str, str]) -> None:
    """Raise `StreamplateError` where writing `changes` would lose what no commit holds."""
    if git("rev-parse", "HEAD", cwd=repository.top).strip() != repository.head:
        raise StreamplateError(f"{repository.root} got a commit while this ran", "Run it again: nothing was written")
    project.refuse_dirty(repository, ".")
    _refuse_edited(repository, changes, tags)
    _refuse_collisions(repository, changes, tags)


def _refuse_edited(repository: Repository, changes: list[Change], tags: dict[str, str]) -> None:
    """By content: git compares times and sizes, and does not look at files that it was told to overlook."""
    absent = outside_sparse(repository, changes, tags)
    kept = (change for change in changes if not change.is_new and change.path not in absent)
    edited = [change.path for change in kept if not _is_committed(repository, change)]
    overlooked = [path for path in edited if tags.get(path, "H") != "H"]
    if overlooked:
        hint = f"To see them: git update-index --no-assume-unchanged --no-skip-worktree {' '.join(overlooked)}"
        raise StreamplateError(f"There are changes that git was told to overlook: {', '.join(overlooked)}", hint)
    if edited:
        raise StreamplateError(f"Uncommitted changes: {', '.join(edited)}", "Commit or stash them, then run it again")


def _is_committed(repository: Repository, change: Change) -> bool:
    file = repository.top / change.path
    if behind_link(repository.top, file):
        return False
    if change.is_old(file, repository.object_format):
        return True
    if file.is_symlink() or not file.is_file():
        return False
    # Line ends and filters: what git would commit is compared.
    return attempt("hash-object", "--", change.path, cwd=repository.top).stdout.strip() == change.old_id


def _refuse_collisions(repository: Repository, changes: list[Change], tags: dict[str, str]) -> None:
    """Raise where a file would replace one that git does not know, or a folder or link on the way to it."""
    removed = {repository.top / change.path for change in changes if change.is_removal}
    added = [repository.top / change.path for change in changes if change.is_new]
    _refuse_other_repositories(repository.top, added)
    taken = {path for file in added for path in _in_the_way(repository.top, file, removed)}
    if taken:
        names = ", ".join(sorted(str(path.relative_to(repository.top)) for path in taken))
        hint = "Move them away, or commit them to have them merged"
        raise StreamplateError(f"The update would overwrite files that git does not track: {names}", hint)
    _refuse_same_name(repository, changes, tags)


def _refuse_other_repositories(top: Path, added: Iterable[Path]) -> None:
    folders = {top / folder for file in added for folder in file.relative_to(top).parents[:-1]}
    if others := sorted(str(folder.relative_to(top)) for folder in folders if is_repository(folder)):
        hint = "Move them away, or give them other names"
        raise StreamplateError(f"The update has files for {', '.join(others)}, a repository of its own", hint)


def is_repository(folder: Path) -> bool:
    """Whether a folder is the top of a git repository, which files in it belong to."""
    return os.path.lexists(folder / ".git")


def _in_the_way(top: Path, file: Path, removed: set[Path]) -> Iterable[Path]:
    """What lies where `file` or a folder of its path is to be, but for files that the update removes."""
    for folder in reversed(file.relative_to(top).parents[:-1]):
        path = top / folder
        if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()):
            if path not in removed:
                yield path
            return
    if file.is_dir() and not file.is_symlink():
        inside = [Path(place, name) for place, folders, names in os.walk(file) for name in [*folders, *names]]
        yield from (
            path for path in inside if path not in removed and not any(path in each.parents for each in removed)
        )
        if not inside:
            yield file
    elif os.path.lexists(file) and not any(_same(file, other) for other in removed):
        yield file


def _refuse_same_name(repository: Repository, changes: list[Change], tags: dict[str, str]) -> None:
    """Where the file system ignores case, two names of one file would overwrite each other."""
    removed = {change.path for change in changes if change.is_removal}
    there = {path.casefold(): path for path in tags if path not in removed}
    clashes = [
        f"{change.path} and {there[change.path.casefold()]}"
        for change in changes
        if change.is_new and change.path.casefold() in there
    ]
    if clashes and _ignores_case(repository):
        raise StreamplateError(f"Names that differ in case only: {'; '.join(clashes)}", "Rename yours, and commit that")


def _ignores_case(repository: Repository) -> bool:
    return attempt("config", "--type=bool", "core.ignoreCase", cwd=repository.top).stdout.strip() == "true"


def behind_link(top: Path, file: Path) -> bool:
    """Whether a folder of the path to `file` is a link: what is behind it is not the project's."""
    return any((top / folder).is_symlink() for folder in file.relative_to(top).parents[:-1])


def _same(file: Path, other: Path) -> bool:
    """Whether two names are one file, as on a file system that ignores case."""
    return os.path.lexists(other) and str(file).casefold() == str(other).casefold() and os.path.samefile(file, other)
