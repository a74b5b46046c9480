"""What an update is to do: which project, which release, which answers. Nothing is rendered to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamplate import project
from streamplate.project import Project
from streamplate.sources import Choose
from streamplate.template import Template
from streamplate.updating import journal, restore


@dataclass(frozen=True)
class UpdateRequest:
    """What is asked for, the same for every project."""

    to: str = ""
    """Release; the newest one if empty, each project's own with `keep_release`."""
    keep_release: bool = False
    """Change answers only."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """Those that change; all others stay."""
    branch: str = ""
    """Commit to a new branch of this name instead of staging in the work tree."""
    preview: bool = False
    """Write nothing: `Report.diff` is what it would be."""
    ask: bool = False
    """Prompt for the answers to new questions; without it, they take their defaults."""
    back: bool = False
    """Let an older release be the target; ours has no way back."""

    @property
    def stages(self) -> bool:
        """Whether the result goes to the index and the work tree."""
        return not (self.preview or self.branch)


@dataclass(frozen=True)
class Plan:
    """One project, and what is to be done with it."""

    project: Project
    request: UpdateRequest
    release: str
    """Tag of the release that it is brought to."""

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that have to be rendered, each once."""
        return tuple(dict.fromkeys((self.project.release, self.release)))

    @property
    def keeps_release(self) -> bool:
        """Whether only answers can change."""
        return self.release == self.project.release

    @property
    def is_idle(self) -> bool:
        """Whether the project is up to date and no answers are given."""
        return self.keeps_release and not (self.request.keep_release or self.request.answers)


def make(root: Path, request: UpdateRequest, choose: Choose) -> Plan:
    """The plan for the project in `root`; an update that was killed there is taken back first.

    Raises where the template that is chosen is not the project's own, or has no such release; an idle project with the
    remains of an unfinished merge is refused too.
    """
    if request.stages:
        restore.recover(root)
    else:
        journal.refuse_unfinished(root)
    found = project.load(root)
    plan = Plan(found, request, target(found, request, choose(found)))
    if plan.is_idle:
        project.refuse_markers(found.root)
    return plan


def target(found: Project, request: UpdateRequest, template: Template) -> str:
    """Tag of the release that a project is to be brought to."""
    wanted = found.release if request.keep_release else request.to
    return template.target(found, wanted, back=request.back)
