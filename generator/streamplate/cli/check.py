"""`streamplate check`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from streamplate import health
from streamplate.cli.answers import json_option
from streamplate.cli.group import examples
from streamplate.cli.paths import all_option, paths_argument, projects
from streamplate.health import Health


@click.command(epilog=examples("streamplate check", "streamplate check --all ~/agents --json"))
@paths_argument
@all_option
@json_option
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...], below: Path | None, as_json: bool) -> None:
    """Report whether projects are up to date and free of conflicts.

    Exit code 1 if one is not.
    """
    found = health.check(projects(paths, below))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(each) for each in found], indent=2))
    else:
        click.echo("\n".join(_line(each) for each in found))
    context.exit(0 if all(each.fine for each in found) else 1)


def _line(each: Health) -> str:
    status = click.style(f"{each.status:10}", fg="green" if each.fine else "yellow")
    to = f"{each.release} → {each.newest}: streamplate update" if each.status == "outdated" else each.newest
    return f"{status} {each.path}: {each.problem or to}" + (f"\n{'':11}{each.hint}" if each.hint else "")
