"""What an update did to a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from streamplate.errors import StreamplateError


@dataclass(frozen=True)
class Report:
    """What an update did to one project, or with a preview would do. Paths are relative to the project."""

    path: str
    status: str
    """`updated`, `conflicts`, `up to date`, `unchanged` (it had the answers already), `adopted` or `failed`."""
    old: str = ""
    """The release that the project had."""
    new: str = ""
    """The release that it has now."""
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    """Old path to new."""
    conflicts: list[str] = field(default_factory=list)
    """Files that git shows as unmerged: both sides changed the same lines."""
    kept: list[str] = field(default_factory=list)
    """Files with the user's edits that the template no longer has: kept."""
    missed: list[str] = field(default_factory=list)
    """Files that the user deleted, or renamed and rewrote, and the template changed: still deleted."""
    news: list[str] = field(default_factory=list)
    """What the releases on the way bring."""
    own: list[str] = field(default_factory=list)
    """Of a repository that was adopted: files of its own where the template has some too. They stay."""
    breaking: list[str] = field(default_factory=list)
    """What no longer works as it did."""
    manual: list[str] = field(default_factory=list)
    """What is left to do by hand."""
    checks: list[str] = field(default_factory=list)
    """Commands of the project that test it."""
    message: str = ""
    """What the template says after an update, `_message_after_update` of Copier."""
    undo: str = ""
    """The command that takes it back."""
    diff: str = ""
    """Of a preview: the change as a patch."""
    error: str = ""
    """Why it failed; of a preview, why the update would be refused."""
    hint: str = ""
    """What to do about it."""


def failed(root: Path, failure: StreamplateError) -> Report:
    """The report of a project that could not be updated."""
    return Report(str(root), "failed", error=failure.message, hint=failure.hint)
