"""Writing an update and taking it back: exact, and whole whenever the process is killed or the disk is full."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from streamplate import project
from streamplate.errors import StreamplateError
from streamplate.project import Repository
from streamplate.updating import changes, journal, restore, worktree
from streamplate.updating.changes import Change
from streamplate.updating.store import Store
from streamplate.updating.three_way import Entry

FIRST = {
    "changed": "1\n",
    "gone/deep/file": "x\n",
    "file": "becomes a folder\n",
    "folder/a": "becomes a file\n",
    "folder/b/c": "x\n",
    "script": "#!/bin/sh\n",
    "both": "mine\n",
    "overlooked": "1\n",
    "same": "1\n",
}
SECOND = {
    "changed": "2\n",
    "file/inside": "x\n",
    "folder": "a file\n",
    "new/deep/file": "x\n",
    "script": "#!/bin/sh\necho\n",
    "both": "<<<<<<<\nmine\n=======\ntheirs\n>>>>>>>\n",
    "overlooked": "2\n",
    "same": "1\n",
}


def git(*args: str, cwd: Path) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


class Update:
    """A project below a repository, and what is to become of it."""

    def __init__(self, top: Path, prefix: str) -> None:
        self.top, self.root = top, top / prefix
        git("init", "-q", str(top), cwd=top.parent)
        write(self.root, SECOND)
        (self.root / "link").symlink_to("new/deep/file")
        (self.root / "script").chmod(0o755)
        self.new_tree = self.committed()
        git("rm", "-rfq", "--cached", ".", cwd=top)
        for path in (*SECOND, "link"):
            (self.root / path).unlink()
        git("clean", "-fdq", ".", cwd=top)
        write(self.root, FIRST)
        (self.root / "link").symlink_to("changed")
        if prefix:
            (top / "other").write_text("not the project's\n")
        self.committed()
        git("update-index", "--assume-unchanged", f"{prefix}overlooked", cwd=top)
        (self.root / "notes").write_text("unknown to git\n")
        if prefix:
            (top / "other").write_text("not committed\n")

    def committed(self) -> str:
        git("add", "--all", cwd=self.top)
        git("commit", "-qm", "x", cwd=self.top)
        return git("rev-parse", "HEAD:./", cwd=self.root).strip()

    def repository(self) -> Repository:
        return project.repository_of(self.root)

    def stage(self) -> None:
        """As an update does it, in the repository itself instead of a store."""
        repository = self.repository()
        with journal.of(repository).locked():
            worktree.stage(repository, self.changes(repository), self.conflicts(repository), lambda: None)

    def undo(self) -> None:
        repository = self.repository()
        with journal.of(repository).locked():
            restore.undo(repository)

    def changes(self, repository: Repository) -> list[Change]:
        class Here(Store):
            def __init__(self) -> None:
                self.folder = repository.git_dir
                self._environment = {"GIT_DIR": str(repository.git_dir)}

        return changes.between(Here(), repository.tree, self.new_tree, repository.prefix)

    def conflicts(self, repository: Repository) -> dict[str, list[Entry]]:
        mine = git("rev-parse", f"HEAD:{repository.prefix}both", cwd=self.top).strip()
        return {f"{repository.prefix}both": [Entry("100644", mine, 2), Entry("100644", mine, 3)]}

    def state(self) -> tuple[dict[str, Any], str, str]:
        """Everything below the top with its content, the index with its flags, and the branch."""
        found = {}
        for path in sorted(self.top.rglob("*")):
            name = path.relative_to(self.top).as_posix()
            if name.split("/")[0] != ".git":
                content = os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes()
                found[name] = (content, stat.S_IMODE(path.lstat().st_mode))
        return found, git("ls-files", "-v", "--stage", cwd=self.top), git("rev-parse", "HEAD", cwd=self.top)


@pytest.fixture
def update(tmp_path: Path) -> Update:
    (tmp_path / "top").mkdir()
    return Update(tmp_path / "top", "services/a/")


def assert_written(update: Update) -> None:
    for name, content in SECOND.items():
        assert (update.root / name).read_text() == content
    assert (os.readlink(update.root / "link"), os.access(update.root / "script", os.X_OK)) == ("new/deep/file", True)
    assert not (update.root / "gone").exists()
    said = git("status", "--porcelain", cwd=update.root).splitlines()
    assert {line[:2] for line in said if line.endswith("other")} <= {" M"}
    assert {line[3:] for line in said if line.startswith("AA")} == {
        (update.root / "both").relative_to(update.top).as_posix()
    }
    assert [line for line in said if line[1] in "MD" and not line.endswith("other")] == []


@pytest.mark.parametrize("prefix", ["", "services/a/"])
def test_it_is_written_and_taken_back_exactly(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "top").mkdir()
    update = Update(tmp_path / "top", prefix)
    before = update.state()
    update.stage()
    assert_written(update)
    assert not (update.top / ".git" / "index.lock").exists()
    update.undo()
    assert update.state() == before


def test_modes_times_and_line_ends_come_back(update: Update) -> None:
    """What git does not compare is the user's too: a private file, Windows line ends."""
    file = update.root / "changed"
    git("config", "core.autocrlf", "input", cwd=update.top)
    file.write_bytes(b"1\r\n")
    file.chmod(0o600)
    git("add", "changed", cwd=update.root)
    os.utime(file, (1, 1))
    assert "changed" not in git("status", "--porcelain", "--untracked-files=no", cwd=update.root)
    before = update.state()
    update.stage()
    assert file.read_text() == "2\n"
    update.undo()
    assert (update.state(), file.stat().st_mtime) == (before, 1)


@contextmanager
def counted(ends: Callable[[], None], step: int) -> Iterator[list[str]]:
    """Call `ends` at the `step`-th change to the file system, or git process, within."""
    done: list[str] = []
    places = [(os, name) for name in ("rename", "replace", "unlink", "rmdir", "mkdir")] + [(subprocess, "run")]
    originals = [(place, name, getattr(place, name)) for place, name in places]

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            done.append(name)
            if len(done) == step:
                ends()
            return function(*args, **options)

        return call

    for place, name, function in originals:
        setattr(place, name, counting(name, function))
    try:
        yield done
    finally:
        for place, name, function in originals:
            setattr(place, name, function)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], None], step: int) -> bool:
    """Whether a process that does `work` got as far as its `step`-th step; no clean-up of any kind ran there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork of a process with threads
        child = os.fork()
    if child == 0:
        with counted(kill, step):
            work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_killed_while_it_writes(update: Update) -> None:
    """At every step: it is taken back, or was done; the next one is written as if nothing had been."""
    before, step = update.state(), 0
    while killed(update.stage, step := step + 1) and step < 200:
        git("status", "--porcelain", cwd=update.root)
        if not restore.recover(update.root) and journal.of(update.repository()).finished.exists():
            assert_written(update)
            update.undo()
        assert update.state() == before, step
    assert step > 40
    assert_written(update)


def test_killed_while_it_takes_back(update: Update) -> None:
    before, step = update.state(), 0
    update.stage()
    while killed(update.undo, step := step + 1) and step < 200:
        if not restore.recover(update.root) and journal.of(update.repository()).finished.exists():
            update.undo()
        assert update.state() == before, step
        update.stage()
    assert step > 30
    assert update.state() == before


def test_a_disk_that_is_full(update: Update) -> None:
    """An error at any step before the last leaves everything as it was, at once."""

    def full() -> None:
        raise OSError(28, "No space left on device")

    before, step, reached = update.state(), 0, True
    while reached and step < 200:
        step += 4
        with counted(full, step) as done, suppress(OSError, StreamplateError):
            update.stage()
        reached = len(done) >= step
        restore.recover(update.root)
        if reached and journal.of(update.repository()).finished.exists():
            update.undo()
        assert not reached or update.state() == before, step
    assert_written(update)
