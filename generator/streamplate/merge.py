"""Three-way merge of a project with its template: git's own, in a throwaway object store."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streamplate.errors import StreamplateError
from streamplate.git import PRIVATE, attempt, git
from streamplate.project import Repository

_SETTINGS = {
    "core.autocrlf": "false",
    "core.fsync": "none",
    "merge.directoryRenames": "true",  # a file that the user added follows the folder that the template moved
    "merge.conflictStyle": "merge",
}


@dataclass(frozen=True)
class Entry:
    """One side of a conflict: a file's git mode, object id and stage (1 base, 2 the project's, 3 the template's)."""

    mode: str
    object_id: str
    stage: int


@dataclass(frozen=True)
class Merged:
    """Outcome of a merge; every path is relative to the project."""

    tree: str
    conflicts: dict[str, list[Entry]] = field(default_factory=dict)
    """Both sides changed these: the tree holds them with conflict markers."""
    kept: list[str] = field(default_factory=list)
    """The user edited these and the template dropped them: kept as they are."""
    missed: list[str] = field(default_factory=list)
    """The template changed these and the user deleted (or renamed and rewrote) them: still deleted."""


class Store:
    """A bare repository that sees a project's objects, and whose own are gone with its folder."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        self.folder = folder
        self._environment = {**PRIVATE, **_identity(), "GIT_DIR": str(folder), **_configuration()}
        git("init", "-q", "--bare", "--template=", f"--object-format={repository.object_format}", folder, env=PRIVATE)
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

    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname)").split()

    def edited(self, tree: str, index_lines: str) -> str:
        """`tree` with the entries of `git update-index --index-info` applied."""
        self.git("read-tree", tree)
        self.git("update-index", "-z", "--index-info", input=index_lines)
        return self.git("write-tree").strip()

    def entries(self, tree: str) -> dict[str, tuple[str, str]]:
        """Mode and object id of each file in a tree."""
        listed = (line.split("\t", 1) for line in self.git("ls-tree", "-rz", tree).split("\0") if line)
        return {path: (meta.split()[0], meta.split()[2]) for meta, path in listed}


def merge(store: Store, base: str, yours: str, theirs: str, *, label: str, renames: Mapping[str, str]) -> Merged:
    """Merge trees `yours` and `theirs`, which both come from `base`.

    In conflict markers the sides are called `yours` and `label`. `renames` are the template's recorded moves, old
    path to new (`*` stands for one name): `base` and `yours` are moved alike first, so that edits follow.
    """
    base, yours = _moved(store, base, renames), _moved(store, yours, renames)
    parent = store.commit(base, "base")
    store.commit(yours, "yours", parent)
    store.commit(theirs, label, parent)
    return _settled(store, *_parsed(store.merged("yours", label)))


def _settled(store: Store, tree: str, sides: dict[str, list[Entry]]) -> Merged:
    """Decide what needs no decision of the user: where one side removed a file, what the user has stays."""
    kept = [path for path, entries in sides.items() if _stages(entries) == {1, 2}]
    missed = [path for path, entries in sides.items() if _stages(entries) == {1, 3}]
    if missed:
        tree = store.edited(tree, "".join(removal(path, tree) for path in missed))
    conflicts = {path: entries for path, entries in sides.items() if path not in kept and path not in missed}
    return Merged(tree, conflicts, kept, missed)


def removal(path: str, like: str) -> str:
    """Line for `git update-index -z --index-info` that drops a path; `like` is any object id of the repository."""
    return f"0 {'0' * len(like)}\t{path}\0"


def _stages(entries: list[Entry]) -> set[int]:
    return {entry.stage for entry in entries}


def _parsed(output: str) -> tuple[str, dict[str, list[Entry]]]:
    """Tree and conflicted entries out of `merge-tree -z`: `<tree> NUL (<mode> <id> <stage> TAB <path> NUL)*`."""
    tree, *lines = output.rstrip("\0").split("\0")
    sides: dict[str, list[Entry]] = {}
    for line in lines:
        meta, path = line.split("\t", 1)
        mode, object_id, stage = meta.split()
        sides.setdefault(path, []).append(Entry(mode, object_id, int(stage)))
    return tree, sides


def _moved(store: Store, tree: str, renames: Mapping[str, str]) -> str:
    """`tree` with the recorded renames carried out where the old path is there and the new one is free."""
    if not renames:
        return tree
    entries = store.entries(tree)
    lines = []
    for path, (mode, object_id) in entries.items():
        target = renamed(path, renames)
        if target != path and target not in entries:
            lines += [removal(path, object_id), f"{mode} {object_id}\t{target}\0"]
    return store.edited(tree, "".join(lines))


def renamed(path: str, renames: Mapping[str, str]) -> str:
    """Where the recorded renames, in order, take a path."""
    for old, new in renames.items():
        pattern = re.escape(old).replace(r"\*", "([^/]+)")
        if match := re.fullmatch(pattern, path):
            path = new.replace("*", "{}").format(*match.groups())
    return path


def _identity() -> dict[str, str]:
    names = {f"GIT_{who}_{what}": "streamplate" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return names | {f"GIT_{who}_DATE": "2000-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")}


def _configuration() -> dict[str, str]:
    keys = {f"GIT_CONFIG_KEY_{i}": key for i, key in enumerate(_SETTINGS)}
    values = {f"GIT_CONFIG_VALUE_{i}": value for i, value in enumerate(_SETTINGS.values())}
    return {"GIT_CONFIG_COUNT": str(len(_SETTINGS)), **keys, **values}
