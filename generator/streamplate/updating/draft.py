"""The index of a repository: locked while an update writes, and replaced by a draft in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from streamplate.errors import StreamplateError
from streamplate.git import attempt, git
from streamplate.project import Repository
from streamplate.updating import journal
from streamplate.updating.store import Entry, removal

_OURS = b"streamplate\n"
"""In `index.lock`: what tells our lock from git's."""


class Draft:
    """A copy of a repository's index, in `file`, that will take its place."""

    def __init__(self, repository: Repository, file: Path) -> None:
        self.repository, self.file = repository, file
        self._index = repository.git_dir / "index"

    def copy(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._index, self.file)

    def put(self, lines: str) -> None:
        """Change entries; lines as `git update-index -z --index-info` reads them."""
        self._git("update-index", "-z", "--index-info", given=lines)

    def unmerge(self, conflicts: dict[str, list[Entry]]) -> None:
        """Give files the entries of both sides in place of their one."""
        for path, entries in conflicts.items():
            sides = (f"{entry.mode} {entry.object_id} {entry.stage}\t{path}\0" for entry in entries)
            self.put("".join([removal(path, self.repository.head), *sides]))

    def flag(self, flags: dict[str, str]) -> None:
        """Give files the flags of their tags in git-ls-files(1) `-v`."""
        known = set(self._git("ls-files", "-z").split("\0")) if flags else set()
        for option, letters in {"--assume-unchanged": "hs", "--skip-worktree": "Ss"}.items():
            paths = "".join(f"{path}\0" for path, tag in flags.items() if tag in letters and path in known)
            if paths:
                self._git("update-index", option, "-z", "--stdin", given=paths)

    def check_out(self, paths: Iterable[str], folder: Path) -> None:
        """Write files as git would to a work tree whose top is `folder`."""
        given = "".join(f"{path}\0" for path in paths)
        self._git("checkout-index", "-f", "-q", "-z", "--stdin", given=given, top=folder)

    def install(self) -> None:
        """Take the index's place, with the times and sizes of the files that are there now."""
        # Files elsewhere in the repository that are not committed make this an error, which is none of ours.
        attempt("update-index", "-q", "--refresh", cwd=self.repository.top, env={"GIT_INDEX_FILE": str(self.file)})
        os.replace(self.file, self._index)

    def _git(self, *command: str, given: str = "", top: Path | None = None) -> str:
        place = top or self.repository.top
        environment = {"GIT_DIR": str(self.repository.git_dir), "GIT_WORK_TREE": str(place)}
        return git(*command, cwd=place, env=environment | {"GIT_INDEX_FILE": str(self.file)}, input=given)


@contextmanager
def locked(repository: Repository) -> Iterator[None]:
    """Hold git's own lock of the index: no other command of git changes it, or commits, meanwhile."""
    lock = repository.git_dir / "index.lock"
    with journal.exclusive(repository.git_dir / "streamplate" / "writing", wait=True):
        if lock.is_file() and lock.read_bytes() == _OURS:
            lock.unlink()  # of a process of ours that was killed: a live one would keep us waiting
        try:
            descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError as error:
            raise StreamplateError("Another git command is running here", f"If none is, remove {lock}") from error
        try:
            os.write(descriptor, _OURS)
            os.close(descriptor)
            yield
        finally:
            lock.unlink(missing_ok=True)
