"""A throwaway object store: our git repository, where trees are made and merged out of the project's sight."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from streamplate.errors import StreamplateError
from streamplate.git import attempt, git, private
from streamplate.project import Repository

_SETTINGS = {
    "core.autocrlf": "false",
    "core.fsync": "none",
    "merge.directoryRenames": "true",  # a file that the user added follows the folder that the template moved
    "merge.conflictStyle": "merge",
}


class Store:
    """A bare repository that sees a project's objects, and whose own are gone with its folder."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        self.folder = folder
        self._environment = {**private(_SETTINGS), **_identity(), "GIT_DIR": str(folder)}
        git("init", "-q", "--bare", "--template=", f"--object-format={repository.object_format}", folder, env=private())
        (folder / "objects" / "info").mkdir(exist_ok=True)
        (folder / "objects" / "info" / "alternates").write_bytes(os.fsencode(f"{repository.objects}\n"))

    def git(self, *args: str, input: str | None = None, cwd: Path | None = None) -> str:
        return git(*args, input=input, cwd=cwd or self.folder, env=self._environment)

    def merged(self, yours: str, theirs: str) -> str:
        """Output of `git merge-tree` for two branches, conflicts or not."""
        command = ("merge-tree", "--write-tree", "-z", "--no-messages", yours, theirs)
        done = attempt(*command, cwd=self.folder, env=self._environment)
        if done.returncode > 1:
            raise StreamplateError("git could not merge; git 2.38 or newer is needed", done.stderr.strip())
        return done.stdout

    def tree(self, rendered: Path) -> str:
        """Object id of a folder's content."""
        self.git("read-tree", "--empty")
        self.git(f"--work-tree={rendered}", "add", "--all", ".", cwd=rendered)
        return self.git("write-tree").strip()

    def commit(self, tree: str, name: str, *parents: str) -> str:
        """Commit a tree under a branch `name`."""
        commit = self.git("commit-tree", tree, "-m", name, *(f"-p{parent}" for parent in parents)).strip()
        self.git("update-ref", f"refs/heads/{name}", commit)
        return commit

    def deliver(self, objects: Iterable[str], repository: Repository) -> None:
        """Bring those of `objects` that only this store has into the project's repository."""
        names = "".join(f"{name}\n" for name in dict.fromkeys(objects))
        pack = self.git("pack-objects", "-q", "--stdout", "--local", "--window=0", input=names)
        git("unpack-objects", "-q", cwd=repository.top, input=pack)

    def edited(self, tree: str, index_lines: str) -> str:
        """`tree` with the entries of `git update-index --index-info` applied."""
        self.git("read-tree", tree)
        self.git("update-index", "-z", "--index-info", input=index_lines)
        return self.git("write-tree").strip()

    def text(self, object_id: str) -> str:
        return self.git("cat-file", "blob", object_id)

    def blob(self, text: str) -> str:
        """Object id of a file's content."""
        return self.git("hash-object", "-w", "--stdin", "--no-filters", input=text).strip()

    def entries(self, tree: str) -> dict[str, tuple[str, str]]:
        """Mode and object id of each file in a tree."""
        listed = (line.split("\t", 1) for line in self.git("ls-tree", "-rz", tree).split("\0") if line)
        return {path: (meta.split()[0], meta.split()[2]) for meta, path in listed}


@dataclass(frozen=True)
class Entry:
    """One side of a conflict: a file's git mode, object id and stage (1 base, 2 the project's, 3 the template's)."""

    mode: str
    object_id: str
    stage: int


def removal(path: str, like: str) -> str:
    """Line for `git update-index -z --index-info` that drops a path; `like` is any object id of the repository."""
    return f"0 {'0' * len(like)}\t{path}\0"


def _identity() -> dict[str, str]:
    names = {f"GIT_{who}_{what}": "streamplate" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return names | {f"GIT_{who}_DATE": "2000-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")}
