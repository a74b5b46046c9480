"""What git leaves open in a merge, and needs no decision of the user.

Each function returns lines for `git update-index --index-info`, by the path that they are about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from streamplate.updating import by_content as content
from streamplate.updating.store import Entry, Store, removal

_REGULAR = {"100644", "100755"}


@dataclass(frozen=True)
class Trees:
    """Mode and object id of each file of a merge: its three sides, and what git made of them."""

    base: Mapping[str, tuple[str, str]]
    yours: Mapping[str, tuple[str, str]]
    theirs: Mapping[str, tuple[str, str]]
    merged: Mapping[str, tuple[str, str]]
    label: str


def yours_in_place(trees: Trees) -> tuple[dict[str, str], list[str]]:
    """Have the user's stay where both sides have something of one name, but not of one kind: a file, folder or link.

    Git puts one of them beside it, as `README.md~v1.0.0`. Also the template's files that are left out.
    """
    lines: dict[str, str] = {}
    left: list[str] = []
    for path, (_, object_id) in trees.merged.items():
        if (place := _beside(path, trees)) is None:
            continue
        lines[path] = removal(path, object_id)
        for other in [each for each in trees.merged if each != path and _is_at(each, place)]:
            if other not in trees.yours:
                lines[other] = removal(other, object_id)
                left.append(other)
        for mine, (mode, name) in trees.yours.items():
            if _is_at(mine, place):
                lines[mine] = f"{mode} {name}\t{mine}\0"
        left += [place] if place in trees.theirs else []
    return lines, left


def _beside(path: str, trees: Trees) -> str | None:
    """The name that a file had before git put it aside."""
    aside = re.fullmatch(rf"(.+)~(?:yours|{re.escape(trees.label.replace('/', '_'))})(?:_\d+)?", path)
    if not aside or any(path in tree for tree in (trees.base, trees.yours, trees.theirs)):
        return None
    return aside[1]


def _is_at(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")


def in_deleted_folders(trees: Trees) -> list[str]:
    """New files of the template in folders that it had before, and that the user deleted."""
    deleted = _folders(trees.base) - _folders(trees.yours)
    new = (path for path in trees.merged if path not in trees.base and path not in trees.yours)
    return [path for path in new if any(str(folder) in deleted for folder in PurePosixPath(path).parents)]


def _folders(tree: Mapping[str, tuple[str, str]]) -> set[str]:
    return {str(folder) for path in tree for folder in PurePosixPath(path).parents[:-1]}


def by_content(store: Store, sides: Mapping[str, list[Entry]], trees: Trees) -> tuple[dict[str, str], set[str]]:
    """Merge by content what git's lines do not settle; also the paths that need no more decision."""
    lines: dict[str, str] = {}
    settled: set[str] = set()
    for path, entries in sides.items():
        at = {entry.stage: entry for entry in entries}
        if {1, 2} <= set(at) and path in trees.merged and all(entry.mode in _REGULAR for entry in entries):
            texts = {stage: store.text(entry.object_id) for stage, entry in at.items()}
            if 3 not in at:
                clean, line = content.same(path, texts[1], texts[2]), removal(path, at[2].object_id)
            else:
                clean, text = _merged(path, texts, store.text(trees.merged[path][1]), trees.label)
                mode = at[3].mode if at[1].mode == at[2].mode else at[2].mode
                line = f"{mode} {store.blob(text)}\t{path}\0"
            lines |= {path: line} if clean or 3 in at else {}
            settled |= {path} if clean else set()
    return lines, settled


def _merged(path: str, texts: Mapping[int, str], of_git: str, label: str) -> tuple[bool, str]:
    """Whether the merge of three texts is clean, and what it is: git's, where that leaves less to be decided."""
    made = content.merged(path, texts[1], texts[2], texts[3], label)
    if made and (made[1] or _open_lines(made[0]) < _open_lines(of_git)):
        return made[1], made[0]
    return False, of_git


def _open_lines(text: str) -> int:
    return sum(part.count("\n") for part in re.findall(r"^<{7} .*?^>{7} ", text, re.MULTILINE | re.DOTALL))
