"""`streamplate update` and `streamplate configure`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from streamplate import sources, updating
from streamplate.cli import report
from streamplate.cli.answers import data_option, from_data, json_option
from streamplate.cli.complete import complete_release
from streamplate.cli.group import examples
from streamplate.cli.paths import all_option, paths_argument, projects
from streamplate.cli.source import source_option, trust_option
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.sources import Choose
from streamplate.updating import Report, UpdateRequest, batch
from streamplate.updating.report import failed


@click.command(
    epilog=examples(
        "streamplate update --preview",
        "streamplate update my-agent",
        "streamplate update --all ~/agents --branch template-update --report update.md",
        "streamplate update --to v0.4.0 --template https://example.com/our-template.git",
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
@click.option("--back", is_flag=True, help="With --to: let it be older than what the project has.")
@source_option
@trust_option
@click.option("--defaults", is_flag=True, help="Do not ask; use the defaults of new questions.")
@click.option(
    "--report", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write a report of all of it, Markdown."
)
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
    back: bool,
    source: str,
    trust: bool,
    defaults: bool,
    file: Path | None,
    as_json: bool,
) -> None:
    """Update projects to a newer template, and keep your edits.

    Without PATH, the project in the current folder. The result is staged for you to look at and commit; conflicts are
    ordinary unmerged files (exit code 3).
    """
    ask = not (defaults or as_json or preview) and sys.stdin.isatty() and sys.stdout.isatty()
    request = UpdateRequest(to=to, answers=from_data(data), branch=branch, preview=preview, ask=ask, back=back)
    if file:
        file.open("a").close()  # a report that cannot be written is no surprise afterwards
    with sources.opened(source, trusted=trust, say=_say) as choose:
        reports = _updated(context, projects(paths, below), request, choose, as_json, file)
        _write(file, reports)
        _finish(context, reports, preview, as_json)


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
@source_option
@trust_option
@json_option
@click.pass_context
def configure(
    context: click.Context,
    paths: tuple[Path, ...],
    below: Path | None,
    data: tuple[str, ...],
    branch: str,
    preview: bool,
    source: str,
    trust: bool,
    as_json: bool,
) -> None:
    """Change the answers of projects: another tool, another client.

    The projects stay on their release. The change is merged and staged as by `update`.
    """
    if not data:
        raise UsageProblem("Nothing to change", "For instance: -d tools=weather,time; see `streamplate options`")
    request = UpdateRequest(keep_release=True, answers=from_data(data), branch=branch, preview=preview)
    with sources.opened(source, trusted=trust, say=_say) as choose:
        _finish(context, _updated(context, projects(paths, below), request, choose, as_json), preview, as_json)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _write(file: Path | None, reports: list[Report]) -> None:
    if file:
        file.write_text(report.markdown(reports), "utf-8", errors="replace")


def _updated(
    context: click.Context,
    roots: list[Path],
    request: UpdateRequest,
    choose: Choose,
    as_json: bool,
    file: Path | None = None,
) -> list[Report]:
    if len(roots) > 1:
        return batch.update_all(roots, request, _progress(len(roots)), choose)
    try:
        return [updating.update(roots[0], request, choose)]
    except StreamplateError as failure:
        _write(file, [failed(roots[0].absolute(), failure)])
        if not as_json:
            raise
        click.echo(report.as_json([failed(roots[0].absolute(), failure)]))
        context.exit(failure.exit_code)


def _finish(context: click.Context, reports: list[Report], preview: bool, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(report.as_json(reports))
    elif len(reports) == 1:
        click.echo(report.one(reports[0], preview))
    else:
        click.echo("\n".join([*map(report.line, reports), report.summary(reports)]))
    context.exit(report.exit_code(reports))


def _progress(total: int) -> batch.Progress:
    done = 0

    def show(finished: Report) -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty():
            click.echo(f"\r{done}/{total} {Path(finished.path).name:40.40}", nl=done == total, err=True)

    return show
