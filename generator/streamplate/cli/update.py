"""`streamplate update` and `streamplate configure`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from streamplate import fleet, foreign, updates
from streamplate.cli import report
from streamplate.cli.answers import data_option, from_data, json_option
from streamplate.cli.complete import complete_release
from streamplate.cli.group import examples
from streamplate.cli.places import all_option, paths_argument, projects
from streamplate.errors import UsageProblem
from streamplate.updates import Report, Wanted


@click.command(
    epilog=examples(
        "streamplate update --preview",
        "streamplate update my-agent",
        "streamplate update --all ~/agents --branch template-update",
        "streamplate update --template https://example.com/our-template.git@v3",
    )
)
@paths_argument
@all_option
@data_option
@click.option(
    "--to",
    metavar="VERSION",
    default="",
    shell_complete=complete_release,
    help="Release to update to [default: the newest].",
)
@click.option("--branch", metavar="NAME", default="", help="Commit the update on a new branch NAME.")
@click.option("--preview", is_flag=True, help="Show what would change, write nothing.")
@click.option("--template", metavar="URL[@REF]", default="", help="Follow another template, the project's own.")
@click.option("--trust", is_flag=True, help="With --template: let it run its tasks and extensions.")
@click.option("--defaults", is_flag=True, help="Ask nothing: defaults for new questions.")
@json_option
@click.pass_context
def update(
    context: click.Context,
    paths: tuple[Path, ...],
    below: Path | None,
    data: tuple[str, ...],
    to: str,
    branch: str,
    preview: bool,
    template: str,
    trust: bool,
    defaults: bool,
    as_json: bool,
) -> None:
    """Bring projects to a newer template, your edits kept.

    Without PATH, the project in the current folder. The result is staged for you to look at and commit; conflicts are
    ordinary unmerged files (exit code 3).
    """
    ask = not (defaults or as_json or preview) and sys.stdin.isatty() and sys.stdout.isatty()
    wanted = Wanted(to=to, answers=from_data(data), branch=branch, preview=preview, ask=ask)
    roots = projects(paths, below)
    reports = _from_elsewhere(roots, wanted, template, trust) if template else _updated(roots, wanted)
    _finish(context, reports, wanted, as_json)


@click.command(
    epilog=examples(
        "streamplate configure -d tools=weather,time",
        "streamplate configure my-agent -d clients=terminal,web --preview",
    )
)
@paths_argument
@all_option
@data_option
@click.option("--branch", metavar="NAME", default="", help="Commit the change on a new branch NAME.")
@click.option("--preview", is_flag=True, help="Show what would change, write nothing.")
@json_option
@click.pass_context
def configure(
    context: click.Context,
    paths: tuple[Path, ...],
    below: Path | None,
    data: tuple[str, ...],
    branch: str,
    preview: bool,
    as_json: bool,
) -> None:
    """Change the answers of projects: another tool, another client.

    They stay on the release they have. The merge is that of `update`, and so is the result.
    """
    if not data:
        raise UsageProblem("Nothing to change", "For instance: -d tools=weather,time; see `streamplate options`")
    wanted = Wanted(keep_release=True, answers=from_data(data), branch=branch, preview=preview)
    _finish(context, _updated(projects(paths, below), wanted), wanted, as_json)


def _updated(roots: list[Path], wanted: Wanted) -> list[Report]:
    if len(roots) == 1:
        return [updates.update(roots[0], wanted)]
    return fleet.update_all(roots, wanted, _progress(len(roots)))


def _from_elsewhere(roots: list[Path], wanted: Wanted, url: str, trust: bool) -> list[Report]:
    if len(roots) != 1:
        raise UsageProblem("--template is for one project at a time")
    return [foreign.update(roots[0], wanted, url, trust=trust, say=lambda text: click.echo(text, err=True))]


def _finish(context: click.Context, reports: list[Report], wanted: Wanted, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(report.as_json(reports))
    elif len(reports) == 1:
        click.echo(report.one(reports[0], wanted.preview))
    else:
        click.echo("\n".join([*map(report.line, reports), report.summary(reports)]))
    context.exit(report.exit_code(reports))


def _progress(total: int) -> fleet.Progress:
    done = 0

    def show(finished: Report) -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty():
            click.echo(f"\r{done}/{total} {Path(finished.path).name:40.40}", nl=done == total, err=True)

    return show
