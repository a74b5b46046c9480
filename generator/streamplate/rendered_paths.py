"""Refuse a render that git, or a checkout on another system, would take for more than files of the project.

The rules are git's own (`verify_path` in read-cache.c, `is_ntfs_dotgit` and `is_hfs_dotgit` in path.c and utf8.c), and
no narrower: NTFS knows `.git` as `GIT~1`, `.git. ` and `.git::$INDEX_ALLOCATION` too, macOS ignores case and characters
of no width.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from streamplate.errors import StreamplateError
from streamplate.git import git, private

_READ_BY_GIT = {".gitmodules", ".gitattributes", ".gitignore", ".mailmap"}


def refuse_unsafe(target: Path) -> None:
    """Raise for the first path below `target` that is not a plain part of a project."""
    for path in _below(target):
        name = path.relative_to(target).as_posix()
        if is_git(path.name):
            raise _refusal(f"{name}, which git would take for its own folder")
        if path.is_symlink() and leads_out(path, target):
            raise _refusal(f"{name}, a link that leads out of the project, to {os.readlink(path)}")
        if path.is_symlink() and _on_any_system(path.name) in _READ_BY_GIT:
            raise _refusal(f"{name} as a link, which git does not follow")
        if _on_any_system(path.name) == ".gitmodules":
            _refuse_submodules(path, name)


def is_git(name: str) -> bool:
    """Whether a file or folder called `name` is `.git` on some system that git runs on."""
    parts = re.split(r"[\\/]", _on_any_system(name))
    return any(re.fullmatch(r"\.git|git~\d+", part.split(":")[0].rstrip(" .")) for part in parts)


def leads_out(link: Path, root: Path) -> bool:
    """Whether a link's target, or any link on the way to it, is outside `root`."""
    written = os.path.normpath(os.path.join(os.path.relpath(link.parent, root), os.readlink(link)))
    outside = os.path.isabs(written) or written.split(os.sep)[0] == os.pardir
    return outside or not Path(os.path.realpath(link)).is_relative_to(os.path.realpath(root))


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in sorted([*folders, *files]))


def _on_any_system(name: str) -> str:
    visible = "".join(character for character in name if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold()


def _refuse_submodules(path: Path, name: str) -> None:
    """Refuse what made older versions of git run a submodule's commands: CVE-2018-11235, -17456, 2019-19604."""
    listed = git("config", "--file", path, "--no-includes", "--list", "-z", env=private())
    for key, _, value in (entry.partition("\n") for entry in listed.split("\0")):
        strange_name = ".." in re.split(r"[\\/]", key.removeprefix("submodule.").rpartition(".")[0])
        if strange_name or value.startswith(("-", "!")) or "\n" in value or "%0a" in value.lower():
            raise _refusal(f"{name} with {key}={value!r}, which has made git run commands")


def _refusal(what: str) -> StreamplateError:
    return StreamplateError(f"The template renders {what}", "Nothing was written. Tell the owner of the template")
