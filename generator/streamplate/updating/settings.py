"""Settings that went away: keys of an owner's TOML files which the new release does not read any more."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from streamplate.notes import Notes

_ENVIRONMENT = re.compile(r"^environments\.[^.]+\.")
"""What one environment overrides has the names of what it overrides."""


def gone(old: Path, new: Path, mine: Mapping[str, str], crossed: Iterable[Notes]) -> list[str]:
    """Steps for the keys in `mine`, texts by file, that the rendered release `old` speaks of and `new` does not."""
    successors = {key: words for each in crossed for key, words in each.settings.items()}
    return [_step(name, key, successors) for name, text in mine.items() for key in _gone(old / name, new / name, text)]


def _gone(old: Path, new: Path, text: str) -> list[str]:
    if not (old.is_file() and new.is_file()):
        return []
    try:
        known = {_ENVIRONMENT.sub("", key) for key in _keys(tomllib.loads(text))}
    except tomllib.TOMLDecodeError:
        return []
    dropped = set(_spoken_of(old.read_text("utf-8"))) - set(_spoken_of(new.read_text("utf-8")))
    return sorted(known & dropped)


def _step(name: str, key: str, successors: Mapping[str, str]) -> str:
    words = successors.get(f"{name}:{key}")
    return f"{name}: `{key}` is not read any more" + (f": {words}" if words else ", take it out")


def _keys(table: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _spoken_of(text: str) -> Iterator[str]:
    """Keys that a file sets, or shows in a comment. Names in capitals are variables of the owner's choice."""
    table = ""
    for line in text.splitlines():
        bare = line.removeprefix("# ").strip()
        if header := re.match(r"\[([\w.-]+)\]", bare):
            table = f"{header[1]}."
        elif (key := re.match(r"([a-z][a-z0-9_-]*) *= ", bare)) and not table.startswith("environments."):
            yield f"{table}{key[1]}"
