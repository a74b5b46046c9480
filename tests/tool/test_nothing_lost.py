"""Random work of a user, random moments at which an update is stopped: three things hold.

Every line of theirs is in the work tree, the index or a commit; running the update again converges; undo restores
exactly what was there. Rendering is a copy of two folders here, so that hundreds of updates are quick.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from streamplate import updating
from streamplate.errors import StreamplateError
from streamplate.project import Project
from streamplate.render import Rendered
from streamplate.updating import Report, UpdateRequest, restore

from tests.tool.test_worktree import counted, killed

TEXT = "".join(f"line {number}\n" for number in range(30))
OLD = {
    "main.py": TEXT,
    "dropped.py": TEXT,
    "moved.py": TEXT + "moved\n",
    "tool": TEXT,
    "kit/a": "a\n",
    ".ignored": "1\n",
}
NEW = {
    "main.py": TEXT.replace("line 3\n", "") + "the end\n",
    "core/moved.py": TEXT + "moved\nmore\n",
    "new.py": TEXT,
    "tool/inside": TEXT,
    "kit": "a file\n",
    ".ignored": "2\n",
}
PATHS = [*OLD, *NEW, "mine.py", "core", "core/mine.py"]


@dataclass(frozen=True)
class Copied:
    """A template whose releases are the two dictionaries."""

    folder: Path
    address: str = "copied"

    def release(self, wanted: str) -> str:
        return "v2"

    def releases(self) -> list[str]:
        return ["v1", "v2"]

    def target(self, found: Project, wanted: str, *, back: bool = False) -> str:
        return "v2"

    @contextmanager
    def unpacked(self, *tags: str) -> Iterator[dict[str, Path]]:
        yield dict.fromkeys(tags, self.folder)

    def render(self, template: Path, target: Path, answers: Mapping[str, Any], *, tag: str, ask: bool) -> Rendered:
        write(target, {**(OLD if tag == "v1" else NEW), ".copier-answers.yml": f"_commit: {tag}\n_src_path: copied\n"})
        return Rendered({"_commit": tag, "_src_path": self.address})


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def git(root: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=root, text=True, capture_output=True, check=True).stdout


def insert(root: Path, path: str, number: int) -> None:
    """Line `mine NUMBER` into a file, made if need be."""
    file = root / path
    with suppress(OSError):  # a folder is where a file would be, or the other way round
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = file.read_text().splitlines(True) if file.exists() else []
        file.write_text("".join([*lines[: number * 5], f"mine {number}\n", *lines[number * 5 :]]))


def delete(root: Path, path: str, number: int) -> None:
    with suppress(OSError):
        (root / path).unlink()


def link(root: Path, path: str, number: int) -> None:
    with suppress(OSError):
        (root / path).symlink_to(f"mine {number}")


def ignore(root: Path, path: str, number: int) -> None:
    with (root / ".git/info/exclude").open("a") as file:
        file.write(f"/{path}\n")


def stage(root: Path, path: str, number: int) -> None:
    git(root, "add", "--all")


def commit(root: Path, path: str, number: int) -> None:
    git(root, "add", "--all")
    git(root, "commit", "-q", "--allow-empty", "-m", "mine")


def overlook(root: Path, path: str, number: int) -> None:
    with suppress(subprocess.CalledProcessError):
        git(root, "update-index", "--assume-unchanged" if number % 2 else "--skip-worktree", path)


Work = tuple[Callable[[Path, str, int], None], str]
work = st.tuples(
    st.sampled_from([insert, insert, delete, link, ignore, stage, commit, overlook]), st.sampled_from(PATHS)
)
moments = st.none() | st.integers(1, 90)


def state(root: Path) -> tuple[dict[str, object], str, str]:
    """Every file outside git's folder with its mode, the index with its flags, and the branch."""
    found: dict[str, object] = {}
    for place, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - {".git"})
        for path in (Path(place, name) for name in sorted([*folders, *files])):
            content = os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes()
            found[path.relative_to(root).as_posix()] = (content, stat.S_IMODE(path.lstat().st_mode))
    return found, git(root, "ls-files", "--stage", "-v"), git(root, "rev-parse", "HEAD")


def lines(root: Path) -> set[str]:
    """The user's lines: in the work tree, the index or a commit."""
    seen = [git(root, "log", "--all", "-p", "--format="), git(root, "diff", "--cached")]
    for path in root.rglob("*"):
        if ".git" not in path.relative_to(root).parts and (path.is_symlink() or path.is_file()):
            seen.append(os.readlink(path) if path.is_symlink() else path.read_text())
    return set(re.findall(r"mine \d+", "\n".join(seen)))


def update(root: Path, template: Copied) -> Report | StreamplateError:
    try:
        return updating.update(root, UpdateRequest(), lambda found: template)
    except StreamplateError as refusal:
        return refusal


def full() -> None:
    raise OSError(28, "No space left on device")


def stopped(root: Path, template: Copied, moment: int, killing: bool) -> None:
    """Begin an update that ends at its `moment`-th step: killed, or by an error."""
    if killing:
        killed(lambda: update(root, template) and None, moment)
    else:
        with counted(full, moment), suppress(OSError):
            update(root, template)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(works=st.lists(work, max_size=7), committed=st.booleans(), moment=moments, killing=st.booleans())
@example(works=[(insert, "tool/mine")], committed=True, moment=None, killing=False)
@example(works=[(delete, "tool"), (commit, ""), (insert, "tool")], committed=False, moment=60, killing=True)
@example(works=[(ignore, "new.py"), (insert, "new.py")], committed=False, moment=40, killing=True)
@example(works=[(overlook, "main.py"), (insert, "main.py")], committed=False, moment=None, killing=False)
def test_nothing_is_lost_whatever_happens(
    tmp_path: Path, works: list[Work], committed: bool, moment: int | None, killing: bool
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        template, root = Copied(Path(folder, "template")), Path(folder, "my-agent")
        write(template.folder, {"copier.yml": "{}\n"})
        template.render(template.folder, root, {}, tag="v1", ask=False)
        git(Path(folder), "init", "-q", str(root))
        commit(root, "", 0)
        for number, (do, path) in enumerate(works):
            do(root, path, number)
        if committed:
            commit(root, "", 0)
        holds(root, template, moment, killing)


def holds(root: Path, template: Copied, moment: int | None, killing: bool) -> None:
    before, mine, reference = state(root), lines(root), root.with_name("reference") / root.name
    shutil.copytree(root, reference, symlinks=True)
    expected = update(reference, template)
    if moment:
        stopped(root, template, moment, killing)
        assert lines(root) >= mine
        restore.recover(root)
        if state(root) != before:  # it had come to its end
            assert state(root) == state(reference)
            updating.undo(root)
    again = update(root, template)
    assert type(again) is type(expected), again
    assert state(root) == state(reference)
    assert lines(root) >= mine
    if isinstance(again, Report):
        updating.undo(root)
    assert state(root) == before
    assert lines(root) >= mine
