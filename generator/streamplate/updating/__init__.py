"""Bring projects to another release of the template, or to other answers, with their owners' edits kept.

A plan is made without rendering (`plan`); merging renders both releases and lets git merge them (`merging`,
`three_way`, in a `store` of our own); the result goes to the `worktree`, and a `report` says what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamplate import sources
from streamplate.sources import Choose
from streamplate.updating import merging, plan
from streamplate.updating.plan import UpdateRequest
from streamplate.updating.report import Report
from streamplate.updating.undo import undo

__all__ = ["Report", "UpdateRequest", "configure", "undo", "update"]


def update(root: str | Path, request: UpdateRequest | None = None, choose: Choose | None = None) -> Report:
    """Update the project in `root`, by default to the newest release; nothing has changed when this raises.

    It follows the template that it was made from, or the one that `choose` returns for it.

    Conflicts are no failure: `Report.conflicts` names the files, which git shows as unmerged. `StreamplateError` says
    what is in the way: uncommitted changes, conflict markers, a release that this package does not have.
    """
    if choose is None:
        with sources.opened() as own:
            return update(root, request, own)
    planned = plan.make(Path(root), request or UpdateRequest(), choose)
    if planned.is_idle:
        return merging.nothing_to_do(planned)
    template = choose(planned.project)
    with template.unpacked(*planned.releases) as folders:
        return merging.carry_out(planned, folders, template.render)


def configure(root: str | Path, answers: Mapping[str, Any], *, branch: str = "", preview: bool = False) -> Report:
    """Give the project in `root` other answers on the release it has; nothing has changed when this raises."""
    return update(root, UpdateRequest(keep_release=True, answers=answers, branch=branch, preview=preview))
