"""The files that an update changes: what each was, and what it becomes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from streamplate.updating.store import Store

_NONE = "000000"
_LINK = "120000"


@dataclass(frozen=True)
class Change:
    """One file that differs between two trees; a mode is 000000 where that tree has no such file."""

    path: str
    """From the top of the repository."""
    old_mode: str
    old_id: str
    mode: str
    object_id: str

    @property
    def is_new(self) -> bool:
        return self.old_mode == _NONE

    @property
    def is_removal(self) -> bool:
        return self.mode == _NONE

    @property
    def index_line(self) -> str:
        """Line for `git update-index -z --index-info`."""
        return f"{self.mode} {self.object_id}\t{self.path}\0"

    def reversed(self) -> Change:
        return Change(self.path, self.mode, self.object_id, self.old_mode, self.old_id)

    def is_old(self, file: Path, algorithm: str) -> bool:
        """Whether `file` is, byte for byte, what the first tree holds."""
        if file.is_symlink() != (self.old_mode == _LINK) or not (file.is_symlink() or file.is_file()):
            return False
        content = os.fsencode(os.readlink(file)) if file.is_symlink() else file.read_bytes()
        header = f"blob {len(content)}\0".encode()
        return hashlib.new(algorithm, header + content).hexdigest() == self.old_id


def between(store: Store, old: str, new: str, prefix: str = "") -> list[Change]:
    """Files that differ between two trees: `:<mode> <mode> <id> <id> <status> NUL <path> NUL` of git-diff-tree(1)."""
    parts = iter(store.git("diff-tree", "-r", "-z", "--raw", "--no-renames", old, new).split("\0"))
    changes = []
    for meta in parts:
        if meta:
            old_mode, mode, old_id, object_id, _ = meta.removeprefix(":").split(" ")
            changes.append(Change(prefix + next(parts), old_mode, old_id, mode, object_id))
    return changes


def index_lines(changes: list[Change]) -> str:
    """Input of `git update-index -z --index-info`: removals first, for a folder may come where a file was."""
    return "".join(change.index_line for change in sorted(changes, key=lambda change: not change.is_removal))
