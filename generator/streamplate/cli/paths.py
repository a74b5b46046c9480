"""The projects that a command is about: paths, or all below a folder."""

from __future__ import annotations

from pathlib import Path

import click

from streamplate import project
from streamplate.errors import UsageProblem

paths_argument = click.argument(
    "paths", metavar="[PATH]...", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
all_option = click.option(
    "--all",
    "below",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Every project below DIR.",
)


def projects(paths: tuple[Path, ...], below: Path | None) -> list[Path]:
    """The folders named, or those found below `below`; the current one if neither is given."""
    if below is None:
        return list(paths) or [Path()]
    if not (found := [*paths, *project.find(below)]):
        raise UsageProblem(f"There is no project below {below}")
    return found
