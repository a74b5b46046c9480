"""`streamplate adopt`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from streamplate.cli import report
from streamplate.cli.answers import data_option, from_data, json_option
from streamplate.cli.complete import complete_release
from streamplate.cli.group import examples
from streamplate.cli.source import source_option, trust_option
from streamplate.errors import UsageProblem
from streamplate.updating.adoption import Adoption
from streamplate.updating.adoption import adopt as adopted


@click.command(
    epilog=examples(
        "streamplate adopt my-old-agent --preview --defaults",
        "streamplate adopt my-old-agent -d framework=langgraph -d tools=weather",
    )
)
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@data_option
@click.option(
    "--release", metavar="VERSION", default="", shell_complete=complete_release, help="Release [default: the newest]."
)
@source_option
@trust_option
@click.option("--preview", is_flag=True, help="Show what would be added, write nothing.")
@click.option("--defaults", is_flag=True, help="Do not ask; use defaults for unanswered questions.")
@json_option
def adopt(
    path: Path,
    data: tuple[str, ...],
    release: str,
    source: str,
    trust: bool,
    preview: bool,
    defaults: bool,
    as_json: bool,
) -> None:
    """Make the repository in PATH a project.

    For an agent that was written by hand or by another tool. Missing files are added; existing files are not
    changed. Name and framework are read from the repository's requirements. From then on `update` works as in any
    project.
    """
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not (terminal or defaults or data):
        raise UsageProblem("There is no terminal to ask on", "Add --defaults, or -d KEY=VALUE for your own answers")
    ask = terminal and not (defaults or data or as_json)
    wanted = Adoption(from_data(data), ask, preview, release, source, trust, lambda text: click.echo(text, err=True))
    made = adopted(path, wanted)
    click.echo(report.as_json([made]) if as_json else report.one(made, preview))
