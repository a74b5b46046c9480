"""What each release of the template asks of the people who update to it: `template/releases/vX.Y.Z.yml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamplate.project import is_release
from streamplate.template import order


@dataclass(frozen=True)
class Notes:
    """One release. Paths are those of a rendered project, `*` standing for one folder or file name."""

    release: str
    summary: str = ""
    breaking: list[str] = field(default_factory=list)
    manual: list[str] = field(default_factory=list)
    """Steps that the update cannot take."""
    renames: dict[str, str] = field(default_factory=dict)
    """Files that moved, old path to new: edits follow, however little of the content stayed."""
    removed: list[str] = field(default_factory=list)
    """Files that are gone for good."""
    answers: dict[str, str] = field(default_factory=dict)
    """Questions that changed their name, old key to new."""


def read(template: Path) -> list[Notes]:
    """The notes of every release up to this unpacked template, oldest first."""
    files = (template / "template" / "releases").glob("v*.yml")
    return sorted((_parse(path) for path in files), key=lambda notes: order(notes.release))


def crossed(template: Path, old: str, new: str) -> list[Notes]:
    """The notes of the releases after `old`, up to `new`; none where either is no release."""
    if not (is_release(old) and is_release(new)):
        return []
    return [notes for notes in read(template) if order(old) < order(notes.release) <= order(new)]


def _parse(path: Path) -> Notes:
    import yaml

    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8")) or {}
    return Notes(release=path.stem, **content)
