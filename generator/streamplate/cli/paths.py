"""The projects that a command is about: paths, or all below a folder."""

from __future__ import annotations

import os
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
    """The folders named, or those found below `below`, each once; the current one if neither is given."""
    found = [*paths, *(project.find(below) if below else ())]
    if below and not found:
        raise UsageProblem(f"There is no project below {below}")
    return list({os.path.realpath(path): path for path in reversed(found or [Path()])}.values())[::-1]
