"""What an update of one project does to its files, kept in the git directory from the first write on.

While an update writes, `update.json` is there; the index is replaced last, and what is left of a killed process tells
how far it came. A finished one leaves `done.json` and the files that it replaced, for `undo`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote

from streamplate.errors import StreamplateError
from streamplate.git import attempt
from streamplate.project import Repository
from streamplate.toolchain import quoted
from streamplate.updating.changes import Change
from streamplate.updating.store import Entry


@dataclass(frozen=True)
class Record:
    """One update, and where its undoing has begun that too."""

    head: str
    """The commit that it was made on."""
    changes: list[Change]
    conflicts: dict[str, list[Entry]] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    """Digest of each file that is put in place."""
    folders: list[str] = field(default_factory=list)
    """Folders that were not there before."""
    flags: dict[str, str] = field(default_factory=dict)
    """Tags of git-ls-files(1) `-v` of the files that had other than `H`."""
    undoing: bool = False


class Journal:
    """The record of one project, and the files that go with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before, self.after = folder / "before", folder / "after"
        self.draft = folder / "index"
        self.unfinished, self.finished = folder / "update.json", folder / "done.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other update of this project out."""
        try:
            with exclusive(self.folder / "lock", wait=False):
                yield
        except BlockingIOError as error:
            hint = "Wait until it has ended, then try again"
            raise StreamplateError("Another update of this project is at work", hint) from error

    def begin(self, record: Record) -> None:
        _write_at_once(self.unfinished, json.dumps(asdict(record)).encode())
        self.finished.unlink(missing_ok=True)

    def finish(self) -> None:
        shutil.rmtree(self.after, ignore_errors=True)
        os.replace(self.unfinished, self.finished)

    def clear(self) -> None:
        """Forget the update, with the files that it replaced: they are back in place, or committed."""
        self.finished.unlink(missing_ok=True)  # first: it promises that the files are there
        for folder in (self.before, self.after):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.draft, self.folder / "index.lock", self.unfinished):
            file.unlink(missing_ok=True)

    def read(self, file: Path) -> Record | None:
        """The record in `file`; None where it is no whole one."""
        try:
            content = json.loads(file.read_bytes())
            changes = [Change(**change) for change in content.pop("changes")]
            conflicts = {
                path: [Entry(**entry) for entry in entries] for path, entries in content.pop("conflicts").items()
            }
            return Record(changes=changes, conflicts=conflicts, **content)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def of(repository: Repository) -> Journal:
    """The journal of the project in a repository; projects below one another have each its own."""
    return _journal(repository.git_dir, repository.prefix)


def unfinished(folder: Path) -> tuple[Path, Journal] | None:
    """The project that `folder` is in, and its journal, where an update was interrupted or is at work."""
    if not folder.is_dir():
        return None
    said = attempt("rev-parse", "--show-toplevel", "--absolute-git-dir", "--show-prefix", cwd=folder)
    if said.returncode:
        return None
    top, git_dir, prefix = said.stdout.removesuffix("\n").split("\n")[:3]
    parts = prefix.split("/")[:-1]
    for length in range(len(parts), -1, -1):
        above = "".join(f"{part}/" for part in parts[:length])
        journal = _journal(Path(git_dir), above)
        if journal.unfinished.exists():
            return Path(top, above), journal
    return None


def refuse_unfinished(folder: Path) -> None:
    """Raise where an update of the project around `folder` was interrupted: its files are of two releases."""
    if found := unfinished(folder):
        root = quoted(str(found[0]))
        hint = f"Take it back: streamplate undo {root}; or make it anew: streamplate update {root}"
        raise StreamplateError(f"An update of {found[0]} was interrupted, or is at work", hint)


def _journal(git_dir: Path, prefix: str) -> Journal:
    name = quote(os.fsencode(prefix), safe="")
    if len(name) > _LONGEST:
        name = hashlib.sha256(name.encode()).hexdigest()
    return Journal(git_dir / "streamplate" / name)


_LONGEST = 200
"""Of a folder's name most file systems take 255 bytes, and quoted a letter of some scripts is nine."""


@contextmanager
def exclusive(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold a lock, which ends with this process at the latest. Raises `BlockingIOError` if another one has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        _lock(file.fileno(), wait)
        yield


def _lock(descriptor: int, wait: bool) -> None:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _write_at_once(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
