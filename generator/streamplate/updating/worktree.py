"""Put a merge into a project: staged in its work tree, or as a commit on a branch.

Killed at any moment, the project is as it was, or git shows the part that was written as an ordinary uncommitted
change; `recover` then takes that part back. A journal in the git directory tells one from the other: it is written
before the first file changes and removed after the index, which changes last and at once.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from streamplate.errors import StreamplateError
from streamplate.git import attempt, git
from streamplate.project import Repository, repository_of
from streamplate.repository import committer
from streamplate.updating.store import Store, removal
from streamplate.updating.three_way import Entry, Merged


@dataclass(frozen=True)
class Change:
    """One file that differs between two trees; `mode` is 000000 where the second has none."""

    mode: str
    object_id: str
    status: str
    path: str
    """From the top of the repository."""

    @property
    def index_line(self) -> str:
        return f"{self.mode} {self.object_id}\t{self.path}\0"


def stage(repository: Repository, store: Store, merged: Merged) -> None:
    """Write the merge to the work tree and the index; a conflict is an ordinary unmerged file."""
    changes = _changes(store, repository.tree, merged.tree, prefix=repository.prefix)
    _refuse_collisions(repository, changes)
    _refuse_locked(repository.git_dir / "index.lock")
    commit = _brought_over(repository, store, merged, changes)
    conflicts = {repository.prefix + path: entries for path, entries in merged.conflicts.items()}
    journal = _journal(repository)
    journal.parent.mkdir(parents=True, exist_ok=True)
    _write_at_once(journal, json.dumps({"head": repository.head, "target": commit}).encode())
    try:
        _write(repository, changes, conflicts)
    except BaseException:
        with suppress(StreamplateError, OSError):
            recover(repository.root)
        raise
    journal.unlink()


def branch(repository: Repository, store: Store, merged: Merged, name: str, message: str) -> None:
    """Commit the merge on a new branch, conflict markers and all; the work tree is not touched."""
    changes = _changes(store, repository.tree, merged.tree, prefix=repository.prefix)
    tree = f"{_brought_over(repository, store, merged, changes)}^{{tree}}"
    command = ("commit-tree", tree, "-p", repository.head, "-m", message)
    commit = git(*command, cwd=repository.top, env=committer(repository.top)).strip()
    made = attempt("branch", "--", name, commit, cwd=repository.top)
    if made.returncode:
        reason = made.stderr.strip().removeprefix("fatal: ")
        raise StreamplateError(f"The branch could not be made: {reason}", "Give --branch another name")


def recover(root: Path) -> None:
    """Take back what an update of the project in `root` had written when it was killed; refuse if edited since."""
    place = attempt("rev-parse", "--absolute-git-dir", "--show-prefix", cwd=root).stdout.splitlines()
    journal = Path(*place[:1], "streamplate", *place[1:], "update.json")
    if not (place and journal.exists()):
        return
    repository = repository_of(root)
    record = json.loads(journal.read_bytes())
    if record["head"] == repository.head:
        forward = _changes(repository, repository.head, record["target"])
        _refuse_edited(repository, forward, record["target"])
        _write(repository, _changes(repository, record["target"], repository.head), {})
    journal.unlink()


def _brought_over(repository: Repository, store: Store, merged: Merged, changes: list[Change]) -> str:
    """Commit of the whole repository with the merge in it, its objects and those of the conflicts in the repository."""
    tree = store.edited(repository.head, "".join(change.index_line for change in changes))
    store.commit(tree, "result", repository.head)
    refs = [ref for ref in store.branches() if ref == "refs/heads/result" or merged.conflicts]
    git("fetch", "-q", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", store.folder, *refs, cwd=repository.top)
    return store.git("rev-parse", "refs/heads/result").strip()


def _changes(where: Repository | Store, old: str, new: str, prefix: str = "") -> list[Change]:
    """Files that differ between two trees: `:<mode> <mode> <id> <id> <status> NUL <path> NUL` of git-diff-tree(1)."""
    command = ("diff-tree", "-r", "-z", "--raw", "--no-renames", old, new)
    output = where.git(*command) if isinstance(where, Store) else git(*command, cwd=where.top)
    parts = iter(output.split("\0"))
    changes = []
    for meta in parts:
        if meta:
            _, mode, _, object_id, status = meta.split(" ")
            changes.append(Change(mode, object_id, status, prefix + next(parts)))
    return changes


def _refuse_collisions(repository: Repository, changes: list[Change]) -> None:
    """Raise where a file that the template adds would replace one that git does not know."""
    added = [change.path for change in changes if change.status == "A"]
    taken = [path for path in added if os.path.lexists(repository.top / path)]
    if taken:
        hint = "Move them away, or commit them to have them merged"
        raise StreamplateError(f"The template adds files that are there, unknown to git: {', '.join(taken)}", hint)


def _refuse_edited(repository: Repository, changes: list[Change], target: str) -> None:
    """Raise where a file is neither as it was, nor as (or part of what) the update was writing."""
    with tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        for commit, place in ((repository.head, before), (target, after)):
            _check_out(repository, commit, [change.path for change in changes], place)
        for path in (change.path for change in changes):
            now = _content(repository.top / path)
            if now not in (b"", _content(before / path)) and not _content(after / path).startswith(now):
                hint = "Commit your work, or take all of it back: git restore --source=HEAD --staged --worktree -- ."
                raise StreamplateError(f"An update was interrupted, and {path} was edited since", hint)


def _check_out(repository: Repository, commit: str, paths: list[str], place: Path) -> None:
    """Write those of `paths` that `commit` has below `place`, as git would to the work tree."""
    place.mkdir()
    environment = {"GIT_INDEX_FILE": str(place.with_suffix(".index"))}
    git("read-tree", commit, cwd=repository.top, env=environment)
    known = set(git("ls-files", "-z", cwd=repository.top, env=environment).split("\0"))
    wanted = "".join(f"{path}\0" for path in paths if path in known)
    command = ("checkout-index", "-q", f"--prefix={place}/", "-z", "--stdin")
    git(*command, cwd=repository.top, env=environment, input=wanted)


def _content(path: Path) -> bytes:
    """A file's bytes, a link's target, nothing for what is not there."""
    if path.is_symlink():
        return os.fsencode(os.readlink(path))
    return path.read_bytes() if path.is_file() else b""


def _write(repository: Repository, changes: list[Change], conflicts: dict[str, list[Entry]]) -> None:
    """Bring work tree and index to the second tree of `changes`; the index last, by one rename."""
    index = repository.git_dir / "index"
    draft = _journal(repository).with_name("index")
    shutil.copyfile(index, draft)
    _in_index(repository, draft, "update-index", "-z", "--index-info", "".join(change.index_line for change in changes))
    for change in changes:
        if change.status == "D":
            _remove(repository.top, repository.top / change.path)
    present = "".join(f"{change.path}\0" for change in changes if change.status != "D")
    _in_index(repository, draft, "checkout-index", "-f", "-q", "-u", "-z", "--stdin", present)
    _in_index(repository, draft, "update-index", "-z", "--index-info", _unmerged(conflicts, repository.head))
    _replace_index(index, draft)


def _in_index(repository: Repository, index: Path, *command: str) -> None:
    """One command on a draft of the index; its last argument is its input."""
    *args, given = command
    git(*args, cwd=repository.top, env={"GIT_INDEX_FILE": str(index)}, input=given)


def _unmerged(conflicts: dict[str, list[Entry]], like: str) -> str:
    return "".join(
        removal(path, like) + "".join(f"{entry.mode} {entry.object_id} {entry.stage}\t{path}\0" for entry in entries)
        for path, entries in conflicts.items()
    )


def _replace_index(index: Path, draft: Path) -> None:
    """Replace the index the way git does: whoever makes `index.lock` may, and renaming it is the change."""
    lock = index.with_name("index.lock")
    _refuse_locked(lock)
    os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    os.replace(draft, lock)
    os.replace(lock, index)


def _refuse_locked(lock: Path) -> None:
    if lock.exists():
        raise StreamplateError("Another git command is at work here", f"If none is, remove {lock}")


def _write_at_once(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    os.replace(draft, path)


def _remove(top: Path, path: Path) -> None:
    """Delete a file, and the folders that are empty without it."""
    with suppress(FileNotFoundError):
        path.unlink()
    with suppress(OSError):
        for parent in path.relative_to(top).parents[:-1]:
            (top / parent).rmdir()


def _journal(repository: Repository) -> Path:
    return repository.git_dir / "streamplate" / repository.prefix / "update.json"
