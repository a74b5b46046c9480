"""`streamplate new`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from streamplate import creation
from streamplate.cli.answers import data_option, from_data, from_file, json_option
from streamplate.errors import UsageProblem


@click.command()
@click.argument("destination", metavar="DEST", type=click.Path(path_type=Path))
@data_option
@click.option(
    "--answers", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="YAML file of answers."
)
@click.option("--release", metavar="VERSION", default="", help="Template release [default: the newest].")
@click.option("--defaults", is_flag=True, help="Ask nothing: defaults for what is left open.")
@click.option("--git/--no-git", default=None, help="Make a repository with a first commit [default: if not in one].")
@click.option("--dry-run", is_flag=True, help="Say what would be written, write nothing.")
@json_option
def new(
    destination: Path,
    data: tuple[str, ...],
    file: Path | None,
    release: str,
    defaults: bool,
    git: bool | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Create a project in DEST, a new or empty folder.

    On a terminal it asks the questions that -d and --answers leave open; see `streamplate options`.
    """
    if not defaults and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageProblem("There is no terminal to ask on", "Add --defaults, and -d KEY=VALUE for your own answers")
    answers = from_file(file) | from_data(data)
    made = creation.new(destination, answers, ask=not defaults, git=git, release=release, dry_run=dry_run)
    click.echo(_as_json(made, dry_run) if as_json else _report(made, dry_run))


def _as_json(made: creation.NewProject, dry_run: bool) -> str:
    return json.dumps(
        {
            "path": str(made.path),
            "release": made.release,
            "answers": made.answers,
            "files": made.files,
            "repository": made.repository,
            "dry_run": dry_run,
            "next": made.next_steps,
        },
        indent=2,
    )


def _report(made: creation.NewProject, dry_run: bool) -> str:
    if dry_run:
        return "\n".join([*made.files, "", f"{len(made.files)} files would be written to {made.path}"])
    repository = ", in a new git repository" if made.repository else ""
    done = click.style(f"Created {made.path.name}", bold=True) + f": {len(made.files)} files{repository}."
    steps = [f"  {click.style(step, fg='cyan')}" for step in made.next_steps]
    return "\n".join([done, *([made.note] if made.note else []), "", "Next:", *steps])
