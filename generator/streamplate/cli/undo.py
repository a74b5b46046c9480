"""`streamplate undo`."""

from __future__ import annotations

from pathlib import Path

import click

from streamplate.cli.group import examples
from streamplate.cli.paths import all_option, paths_argument, projects
from streamplate.errors import StreamplateError
from streamplate.updating import undo as taken_back


@click.command(epilog=examples("streamplate undo", "streamplate undo my-agent", "streamplate undo --all ~/agents"))
@paths_argument
@all_option
@click.pass_context
def undo(context: click.Context, paths: tuple[Path, ...], below: Path | None) -> None:
    """Undo the last update of projects.

    Restores only what the update wrote. It is refused once the update is committed, or if those files have changed.
    """
    roots = projects(paths, below)
    if len(roots) == 1:
        click.echo(f"{taken_back(roots[0])} is as it was before the update.")
        return
    context.exit(0 if sum(map(_undone, roots)) == len(roots) else 1)


def _undone(root: Path) -> bool:
    try:
        click.echo(f"{taken_back(root)} is as it was before the update.")
        return True
    except StreamplateError as failure:
        click.echo(f"{root}: {failure.message}", err=True)
        return False
