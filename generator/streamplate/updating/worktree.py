"""Put a merge into a project's work tree and index.

Everything is made ready in the git directory first: the new files, and a draft of the index. Then each file that
changes is moved aside and its successor moved into place; last of all the draft replaces the index. Killed at any
moment, no content is lost or half written, and the journal tells what to move back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from streamplate.errors import StreamplateError
from streamplate.git import attempt
from streamplate.project import Repository
from streamplate.updating import draft, files, guard, journal, restore
from streamplate.updating.changes import Change, index_lines
from streamplate.updating.draft import Draft
from streamplate.updating.journal import Journal, Record
from streamplate.updating.store import Entry


def stage(
    repository: Repository, changes: list[Change], conflicts: dict[str, list[Entry]], deliver: Callable[[], None]
) -> None:
    """Write `changes` to the work tree and the index; a conflict is an ordinary unmerged file.

    `deliver` brings their objects into the repository; it is called once nothing is in the way.
    """
    kept = journal.of(repository)
    changes = changes + _unchanged_conflicts(changes, conflicts)
    with draft.locked(repository):
        tags = guard.flags(repository)
        guard.refuse(repository, changes, tags)
        kept.clear()
        deliver()
        try:
            record = _made_ready(repository, kept, changes, conflicts, tags)
        except BaseException:
            kept.clear()
            raise
        kept.begin(record)
        try:
            _put_in_place(repository, kept, record)
        except BaseException:
            restore.take_back(repository, kept, record)
            raise
        kept.finish()


def _unchanged_conflicts(changes: list[Change], conflicts: dict[str, list[Entry]]) -> list[Change]:
    """Conflicts that leave the user's file as it is, such as a binary one: only the index changes."""
    known = {change.path for change in changes}
    mine = {path: entry for path, entries in conflicts.items() for entry in entries if entry.stage == 2}
    unchanged = ((path, entry.mode, entry.object_id) for path, entry in mine.items() if path not in known)
    return [Change(path, mode, name, mode, name) for path, mode, name in unchanged]


def _made_ready(
    repository: Repository,
    kept: Journal,
    changes: list[Change],
    conflicts: dict[str, list[Entry]],
    tags: dict[str, str],
) -> Record:
    """The draft of the index, and the new files below `after`, as git checks them out."""
    absent = guard.outside_sparse(repository, changes, tags) - set(conflicts)
    copy = Draft(repository, kept.draft)
    copy.copy()
    copy.put(index_lines(changes))
    present = [change.path for change in changes if not change.is_removal and change.path not in absent]
    kept.after.mkdir()
    copy.check_out(present, kept.after)
    copy.unmerge(conflicts)
    flags = {change.path: tags[change.path] for change in changes if tags.get(change.path, "H") != "H"}
    copy.flag({path: tag for path, tag in flags.items() if path not in conflicts})
    written = {path: files.digest(kept.after / path) for path in present}
    return Record(repository.head, changes, conflicts, written, _missing_folders(repository.top, present), flags)


def _put_in_place(repository: Repository, kept: Journal, record: Record) -> None:
    for change in record.changes:
        place = repository.top / change.path
        if not change.is_new and os.path.lexists(place):
            files.move(place, kept.before / change.path)
            _refuse_saved(repository, change, kept.before / change.path)
            files.remove_empty(repository.top, place.parent)
    for path in record.written:
        if os.path.lexists(repository.top / path):
            raise StreamplateError(f"{path} was made while the update ran", "Nothing was changed: run it again")
        files.move(kept.after / path, repository.top / path)
    Draft(repository, kept.draft).install()


def _refuse_saved(repository: Repository, change: Change, aside: Path) -> None:
    """Raise where an editor saved the file after the last look at it, before it was moved aside."""
    if change.is_old(aside, repository.object_format):
        return
    command = ("hash-object", f"--path={change.path}", "--", aside)
    if aside.is_symlink() or attempt(*command, cwd=repository.top).stdout.strip() != change.old_id:
        hint = "Nothing was changed: commit or stash it, then run it again"
        raise StreamplateError(f"{change.path} was saved while the update ran", hint)


def _missing_folders(top: Path, paths: Iterable[str]) -> list[str]:
    folders = {folder.as_posix() for path in paths for folder in Path(path).parents[:-1]}
    return sorted(folder for folder in folders if not (top / folder).is_dir())
