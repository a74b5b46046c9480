"""`streamplate template`."""

from __future__ import annotations

from pathlib import Path

import click

from streamplate import template_copy
from streamplate.cli.complete import complete_release
from streamplate.cli.group import examples
from streamplate.toolchain import quoted, shown


@click.command(epilog=examples("streamplate template our-template", "streamplate template ours --release 0.5.0"))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--release", metavar="VERSION", default="", shell_complete=complete_release, help="Release [default: the newest]."
)
def template(folder: Path, release: str) -> None:
    """Make a template of your own from streamplate's.

    FOLDER becomes a git repository: branch `streamplate` holds ours, `main` is yours. Called again, it takes our next
    release onto that branch, for you to merge.
    """
    made = template_copy.take(folder, release)
    enter = click.style(f"cd {quoted(shown(made.folder))}", fg="cyan")
    if made.is_new:
        click.echo(f"{made.folder.name} holds the template of streamplate {made.release}.\n\nNext:\n  {enter}")
        click.echo("  add what is yours, commit it, git tag v1.0.0")
    elif made.changed:
        merge = click.style("git merge streamplate", fg="cyan")
        click.echo(f"Branch streamplate is at {made.release}.\n\nNext:\n  {enter}\n  {merge}")
    else:
        click.echo(f"Branch streamplate is at {made.release} already.")
