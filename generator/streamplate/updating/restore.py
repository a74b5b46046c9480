"""Take an update back: one that was killed, one that failed, or the last one, when its owner asks for it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from streamplate.errors import StreamplateError
from streamplate.git import git
from streamplate.project import Repository, repository_of
from streamplate.updating import draft, files, guard, journal
from streamplate.updating.changes import Change, index_lines
from streamplate.updating.draft import Draft
from streamplate.updating.journal import Journal, Record
from streamplate.updating.store import removal


def take_back(repository: Repository, kept: Journal, record: Record) -> None:
    """Move everything back that was moved aside; `StreamplateError`, and nothing moved, where files changed since."""
    if edited := _edited(repository, kept, record):
        raise StreamplateError(f"Changed since the update: {', '.join(edited)}", _by_hand(kept))
    for change in record.changes:
        place = repository.top / change.path
        if os.path.lexists(place) and _is_replaced(kept, change) and not _is_folder(place):
            place.unlink()
    for folder in sorted(record.folders, reverse=True):
        with suppress(OSError):
            (repository.top / folder).rmdir()
    for change in record.changes:
        if _is_aside(kept, change):
            files.move(kept.before / change.path, repository.top / change.path)
    if record.undoing:
        _restore_index(repository, kept, record)
    kept.clear()


def recover(folder: Path) -> Path | None:
    """Settle what an update was doing to the project around `folder` when it was killed.

    Return the project where it was taken back; None where there was nothing, or nothing but to say that it is done.
    """
    if not (found := journal.unfinished(folder)):
        return None
    root, kept = found
    with kept.locked():
        repository = repository_of(root)
        with draft.locked(repository):
            return root if _settled(repository, kept) else None


def _settled(repository: Repository, kept: Journal) -> bool:
    """Whether it was taken back; an update that has replaced the index is done."""
    record = kept.read(kept.unfinished)
    if record is None:
        _refuse_unknown(kept)
        kept.clear()
    elif record.undoing or kept.draft.exists():
        take_back(repository, kept, record)
    else:
        kept.finish()
        return False
    return True


def undo(repository: Repository) -> None:
    """Take the last update back, from the index too."""
    kept = journal.of(repository)
    record = _finished(repository, kept)
    with draft.locked(repository):
        if edited := [*_edited(repository, kept, record), *_staged_since(repository, record)]:
            raise StreamplateError(f"Changed since the update: {', '.join(dict.fromkeys(edited))}", _by_hand(kept))
        record = replace(record, undoing=True)
        kept.begin(record)
        take_back(repository, kept, record)


def _finished(repository: Repository, kept: Journal) -> Record:
    record = kept.read(kept.finished) if kept.finished.exists() else None
    if record is None:
        raise StreamplateError(f"There is no update of {repository.root} to undo")
    if record.head != repository.head:
        hint = "To undo what is committed: git revert"
        raise StreamplateError(f"{repository.root} got a commit since the update", hint)
    replaced = (change for change in record.changes if not change.is_new and change.path in record.written)
    if lost := [change.path for change in replaced if not _is_aside(kept, change)]:
        hint = "Take them from the last commit: git restore --source=HEAD --staged --worktree --"
        raise StreamplateError(f"What the update replaced is gone from {kept.before}: {', '.join(lost)}", hint)
    return record


def _edited(repository: Repository, kept: Journal, record: Record) -> list[str]:
    """Files that are neither what the update found nor what it put in their place."""
    return [change.path for change in record.changes if not _is_untouched(repository, kept, record, change)]


def _is_untouched(repository: Repository, kept: Journal, record: Record, change: Change) -> bool:
    place = repository.top / change.path
    if guard.behind_link(repository.top, place):
        return False
    if not _is_replaced(kept, change):
        return True  # not reached, or back already: what is there is the user's
    if not os.path.lexists(place):
        return change.path not in record.written or record.undoing or not _is_placed(kept, change)
    if _is_folder(place):
        return _below(repository.top, place) <= _known(record)
    return change.path in record.written and _is_ours(kept, record, change, place)


def _is_replaced(kept: Journal, change: Change) -> bool:
    """Whether the update's own file, or none, is to be where `change` is."""
    return _is_placed(kept, change) if change.is_new else _is_aside(kept, change)


def _is_aside(kept: Journal, change: Change) -> bool:
    aside = kept.before / change.path
    return os.path.lexists(aside) and not _is_folder(aside)


def _is_placed(kept: Journal, change: Change) -> bool:
    return not os.path.lexists(kept.after / change.path)


def _is_ours(kept: Journal, record: Record, change: Change, place: Path) -> bool:
    """Whether a file is what the update wrote, or the part of it that was copied from another file system."""
    if files.digest(place) == record.written[change.path]:
        return True
    source = kept.after / change.path
    regular = all(path.is_file() and not path.is_symlink() for path in (source, place))
    return regular and source.read_bytes().startswith(place.read_bytes())


def _staged_since(repository: Repository, record: Record) -> list[str]:
    """Changed files of which the index holds something else than the update put there."""
    wanted = {
        change.path: set() if change.is_removal else {f"{change.mode} {change.object_id} 0"}
        for change in record.changes
    }
    for path, entries in record.conflicts.items():
        wanted[path] = {f"{entry.mode} {entry.object_id} {entry.stage}" for entry in entries}
    found: dict[str, set[str]] = {path: set() for path in wanted}
    for line in git("ls-files", "--stage", "-z", "--full-name", "--", ".", cwd=repository.root).split("\0"):
        meta, _, path = line.partition("\t")
        if path in found:
            found[path].add(meta)
    return [path for path in wanted if found[path] != wanted[path]]


def _restore_index(repository: Repository, kept: Journal, record: Record) -> None:
    copy = Draft(repository, kept.draft)
    copy.copy()
    unmerged = "".join(removal(path, record.head) for path in record.conflicts)
    copy.put(unmerged + index_lines([change.reversed() for change in record.changes]))
    copy.flag(record.flags)
    copy.install()


def _refuse_unknown(kept: Journal) -> None:
    """Raise where the journal cannot be read and files were moved aside: nobody knows where they belong."""
    if any(path.is_symlink() or path.is_file() for path in kept.before.rglob("*")):
        hint = f"The files it replaced are in {kept.before}: copy back what you need, then remove {kept.folder}"
        raise StreamplateError("An update was interrupted, and its journal cannot be read", hint)


def _by_hand(kept: Journal) -> str:
    return f"Commit or stash your work first; what the update replaced is in {kept.before}"


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _known(record: Record) -> set[str]:
    """The changed files, which are looked at one by one, and the folders on the way to them."""
    paths = {change.path for change in record.changes}
    return paths | {folder.as_posix() for path in paths for folder in Path(path).parents}


def _below(top: Path, folder: Path) -> set[str]:
    return {path.relative_to(top).as_posix() for path in folder.rglob("*")}
