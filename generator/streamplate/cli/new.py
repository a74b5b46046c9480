"""`streamplate new`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from streamplate import creation
from streamplate.cli.answers import data_option, from_data, from_file, json_option
from streamplate.cli.complete import complete_preset, complete_release
from streamplate.cli.group import examples
from streamplate.cli.summary import created, listing, overview
from streamplate.creation import NewProject
from streamplate.errors import StreamplateError, UsageProblem

EXAMPLES = examples(
    "streamplate new my-agent --quick",
    "streamplate new my-agent --preset production --yes",
    "streamplate new my-agent --defaults -d tools=weather,time -d region=eu-west-1",
    "streamplate new my-agent --answers other/.copier-answers.yml",
    "streamplate new my-agent --template https://example.com/our-template.git@v2",
)


@click.command(epilog=EXAMPLES)
@click.argument("destination", metavar="DEST", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--preset", metavar="NAME", default="", shell_complete=complete_preset, help="minimal, reference or production."
)
@data_option
@click.option(
    "--answers", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="YAML file of answers."
)
@click.option(
    "--release",
    metavar="VERSION",
    default="",
    shell_complete=complete_release,
    help="Template release [default: the newest].",
)
@click.option("--template", "source", metavar="URL[@REF]", default="", help="A template of your own, a git repository.")
@click.option("--trust", is_flag=True, help="With --template: let it run its tasks and extensions.")
@click.option("--quick", is_flag=True, help="Ask four questions only; use defaults for the rest.")
@click.option("--defaults", is_flag=True, help="Do not ask; use defaults for unanswered questions.")
@click.option("-y", "--yes", is_flag=True, help="Write without asking for confirmation.")
@click.option("--git/--no-git", default=None, help="Make a repository with a first commit [default: if not in one].")
@click.option("--dry-run", is_flag=True, help="Say what would be written, write nothing.")
@json_option
def new(
    destination: Path,
    preset: str,
    data: tuple[str, ...],
    file: Path | None,
    release: str,
    source: str,
    trust: bool,
    quick: bool,
    defaults: bool,
    yes: bool,
    git: bool | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Create a project in DEST.

    DEST is a new folder, or one that has none of the project's files.

    On a terminal it asks the questions that -d and --answers leave open, shows what it is about to write, and asks once
    more. With --preset it asks no questions, with --defaults nothing at all. `streamplate options` lists the questions.
    """
    asks = _asks(quick=quick, silent=bool(defaults or preset))
    reviewed = _on_terminal(needed=asks) and not (defaults or yes or dry_run or as_json)
    made = creation.new(
        destination,
        from_file(file) | from_data(data),
        preset=preset,
        ask=asks,
        quick=quick,
        git=git,
        release=release,
        source=source,
        trust=trust,
        dry_run=dry_run,
        review=_review if reviewed else lambda made: None,
        say=lambda text: click.echo(text, err=True),
    )
    shown = listing(made) if dry_run else created(made, with_tree=not reviewed)
    click.echo(_as_json(made, dry_run) if as_json else shown)


def _asks(*, quick: bool, silent: bool) -> bool:
    if quick and silent:
        raise UsageProblem("--quick asks questions, --defaults and --preset ask none", "Give one of them")
    return not silent


def _on_terminal(*, needed: bool) -> bool:
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if needed and not terminal:
        hint = "Add --defaults or --preset NAME, and -d KEY=VALUE for your own answers"
        raise UsageProblem("There is no terminal to ask on", hint)
    return terminal


def _review(made: NewProject) -> None:
    click.echo(f"\n{overview(made)}\n")
    try:
        click.confirm(f"Write these {len(made.files)} files?", default=True, abort=True)
    except click.Abort:
        raise StreamplateError("Stopped: nothing was written") from None
    click.echo()


def _as_json(made: NewProject, dry_run: bool) -> str:
    return json.dumps(
        {
            "path": str(made.path),
            "release": made.release,
            "answers": made.answers,
            "files": made.files,
            "repository": made.repository,
            "dry_run": dry_run,
            "next": made.next_steps,
            "message": made.message,
        },
        indent=2,
    )
