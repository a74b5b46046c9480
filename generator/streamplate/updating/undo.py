"""Take the last update of a project back."""

from __future__ import annotations

from pathlib import Path

from streamplate import project
from streamplate.updating import journal, restore


def undo(root: str | Path) -> Path:
    """Bring the project in `root` back to what it was before its last update, and return its folder.

    Files, index and the rest of the repository: exactly as they were. `StreamplateError` where the update was
    committed, or files that it wrote have changed since; then nothing is changed.
    """
    if found := restore.recover(Path(root)):
        return found
    repository = project.repository_of(project.load(Path(root)).root)
    with journal.of(repository).locked():
        restore.undo(repository)
    return repository.root
