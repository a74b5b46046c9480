"""Files that a template makes once and leaves to their owner: `_skip_if_exists` of Copier, and what was adopted."""

from __future__ import annotations

from collections.abc import Iterable

from streamplate.updating.store import Store, removal


def left_alone(store: Store, base: str, yours: str, theirs: str, paths: Iterable[str]) -> tuple[str, str]:
    """Trees `base` and `theirs` for a merge that changes none of `paths` in `yours`, and makes those that lack."""
    wanted = set(paths)
    if not wanted:
        return base, theirs
    kept = {path: entry for path, entry in store.entries(yours).items() if path in wanted}
    same = "".join(f"{mode} {object_id}\t{path}\0" for path, (mode, object_id) in kept.items())
    lacking = (wanted - kept.keys()) & store.entries(base).keys()
    gone = "".join(removal(path, base) for path in lacking)
    return store.edited(base, gone + same), store.edited(theirs, same)
