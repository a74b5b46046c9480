"""Our own template. The package contains its releases, so no network is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamplate import template
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.project import Project, is_release
from streamplate.render import Ask, Render, Rendered, copied
from streamplate.template import SOURCE, Template, order, releases


def render(template: Path, target: Path, answers: Mapping[str, Any], *, tag: str, ask: Ask) -> Rendered:
    """Render release `tag`, unpacked in `template`; see `Render`."""
    # Out of git's sight Copier renders the plain folder: with git it starts a process for every file it writes.
    data = {**answers, "_src_path": SOURCE, "_commit": tag}
    return copied(str(template), target, {"PATH": ""}, data=data, ask=ask)


@dataclass(frozen=True)
class OurTemplate:
    """The template whose releases this package carries."""

    address: str = SOURCE
    render: Render = render

    def releases(self) -> list[str]:
        return releases()

    def release(self, wanted: str) -> str:
        tag, known = template.tag(wanted), releases()
        if tag not in known:
            raise UsageProblem(f"There is no release {tag}", f"Releases in this streamplate: {', '.join(known)}")
        return tag

    def target(self, found: Project, wanted: str, *, back: bool = False) -> str:
        """Downgrades are refused, and projects of releases that this package does not have."""
        _refuse_unknown(found, releases())
        tag = self.release(wanted)
        if order(tag) < order(found.release):
            raise UsageProblem(f"{found.root} is at {found.release} already; going back to {tag} is not supported")
        return tag

    @contextmanager
    def unpacked(self, *tags: str) -> Iterator[dict[str, Path]]:
        with ExitStack() as stack:
            yield {tag: stack.enter_context(template.unpacked(tag)) for tag in tags}


OURS: Template = OurTemplate()


def _refuse_unknown(found: Project, known: list[str]) -> None:
    if found.source != SOURCE:
        raise UsageProblem(f"{found.root} was made from another template, {found.source}")
    if found.release not in known:
        newer = is_release(found.release) and order(found.release) > order(known[-1])
        hint = (
            "Upgrade streamplate to at least that version"
            if newer
            else f"Releases in this streamplate: {', '.join(known)}"
        )
        raise StreamplateError(f"{found.root} was made by {found.release}, which this streamplate does not know", hint)
