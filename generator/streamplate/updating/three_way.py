"""Three-way merge of a project with its template: git's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from streamplate.updating import settling
from streamplate.updating.settling import Trees
from streamplate.updating.store import Entry, Store, removal


@dataclass(frozen=True)
class Merged:
    """Outcome of a merge; every path is relative to the project."""

    tree: str
    conflicts: dict[str, list[Entry]] = field(default_factory=dict)
    """Both sides changed these: the tree holds them with conflict markers."""
    kept: list[str] = field(default_factory=list)
    """The user edited these and the template dropped them: kept as they are."""
    missed: list[str] = field(default_factory=list)
    """The template changed these, or added them to a folder, and the user deleted, replaced, or renamed and rewrote it:
    left alone."""


def merge(store: Store, base: str, yours: str, theirs: str, *, label: str, renames: Mapping[str, str]) -> Merged:
    """Merge trees `yours` and `theirs`, which both come from `base`.

    In conflict markers the sides are called `yours` and `label`. `renames` are the template's recorded moves, old
    path to new (`*` stands for one name): `base` and `yours` are moved alike first, so that edits follow.
    """
    base, yours = _moved(store, base, renames), _moved(store, yours, renames)
    parent = store.commit(base, "base")
    store.commit(yours, "yours", parent)
    store.commit(theirs, label, parent)
    tree, sides = _parsed(store.merged("yours", label))
    entries = [store.entries(each) for each in (base, yours, theirs, tree)]
    trees = Trees(entries[0], entries[1], entries[2], entries[3], label)
    return _settled(store, tree, sides, trees)


def _settled(store: Store, tree: str, sides: dict[str, list[Entry]], trees: Trees) -> Merged:
    """Decide what needs no decision of the user: where one side removed a file, what the user has stays."""
    lines, replaced = settling.yours_in_place(trees)
    sides = {path: entries for path, entries in sides.items() if path not in lines}
    rewritten, done = settling.by_content(store, sides, trees)
    sides = {path: entries for path, entries in sides.items() if path not in done}
    back = settling.in_deleted_folders(trees)
    kept = [path for path, entries in sides.items() if _stages(entries) == {1, 2}]
    missed = [path for path, entries in sides.items() if _stages(entries) == {1, 3}]
    lines |= rewritten | {path: removal(path, tree) for path in [*missed, *back]}
    if lines:
        # Removals first: a file may come where a folder was.
        tree = store.edited(tree, "".join(sorted(lines.values(), key=lambda line: not line.startswith("0 "))))
    conflicts = {path: entries for path, entries in sides.items() if path not in kept and path not in missed}
    return Merged(tree, conflicts, kept, sorted({*missed, *replaced, *back}))


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
            first, *others = new.split("*")
            path = first + "".join(name + part for name, part in zip(match.groups(), others, strict=False))
    return path
