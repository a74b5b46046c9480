"""`streamplate check`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from streamplate import check as checking
from streamplate.cli.answers import json_option
from streamplate.cli.places import all_option, paths_argument, projects


@click.command()
@paths_argument
@all_option
@json_option
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...], below: Path | None, as_json: bool) -> None:
    """Say whether projects are up to date and whole; exit code 1 if one is not."""
    health = checking.check(projects(paths, below))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(each) for each in health], indent=2))
    else:
        click.echo("\n".join(_line(each) for each in health))
    context.exit(0 if all(each.fine for each in health) else 1)


def _line(health: checking.Health) -> str:
    status = click.style(f"{health.status:10}", fg="green" if health.fine else "yellow")
    to = f"{health.release} → {health.newest}: streamplate update" if health.status == "outdated" else health.newest
    return f"{status} {health.path}: {health.problem or to}" + (f"\n{'':11}{health.hint}" if health.hint else "")
