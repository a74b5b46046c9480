"""Texts that events bring in pieces."""

import copy
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from .secrets import without_secrets_in_pieces

OF_A_TEXT = re.compile(r"(id|index|type)$", re.IGNORECASE)
"""The fields of an event that say which text its piece belongs to."""

Path = tuple[str | int, ...]


def without_secrets(events: list[Any]) -> list[Any]:
    """The events without secrets that no single one of them holds."""
    events = copy.deepcopy(events)
    texts: dict[Any, list[tuple[Any, str | int]]] = defaultdict(list)
    for event in events:
        values = list(_values(event)) if isinstance(event, dict | list) else []
        text = tuple((path, value[path[-1]]) for path, value in values if OF_A_TEXT.search(str(path[-1])))
        for path, value in values:
            if isinstance(value[path[-1]], str) and not OF_A_TEXT.search(str(path[-1])):
                texts[path, text].append((value, path[-1]))
    for places in texts.values():
        pieces = [value[name] for value, name in places]
        for (value, name), shown in zip(places, without_secrets_in_pieces(pieces), strict=True):
            value[name] = shown
    return events


def _values(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The texts and numbers within, each with its path and what holds it."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from _values(inner, (*path, name))
        else:
            yield (*path, name), value
