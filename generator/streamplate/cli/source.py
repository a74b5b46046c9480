"""The templates of others: `streamplate trust`, `streamplate source`, and the options that name one."""

from __future__ import annotations

from pathlib import Path

import click

from streamplate import addresses, moving, sources, trust
from streamplate.cli.group import examples
from streamplate.cli.paths import all_option, paths_argument, projects
from streamplate.errors import UsageProblem
from streamplate.redaction import hidden
from streamplate.template import SOURCE
from streamplate.toolchain import quoted, shown

source_option = click.option(
    "--template", "source", metavar="URL[@REF]", default="", help="The project's own template, at this address."
)
trust_option = click.option(
    "--trust", "trust", is_flag=True, help="Trust the template, and let it run its code, for this call."
)


def origin(source: str) -> str:
    """`source`, else the template of the project around the current folder as `URL@ref`; empty for ours."""
    found = None if source else sources.around()
    if not found:
        return source
    sources.refuse_untrusted(found)
    return f"{found.source}@{found.release}"


@click.command(
    "trust",
    epilog=examples(
        "streamplate trust https://git.example.com/platform/agents.git",
        "streamplate trust https://git.example.com/platform/",
        "streamplate trust --list",
    ),
)
@click.argument("url", default="")
@click.option("--list", "listing", is_flag=True, help="List what you trust.")
@click.option("--remove", is_flag=True, help="Trust URL no longer.")
def trust_(url: str, listing: bool, remove: bool) -> None:
    """Let projects follow the template at URL.

    Updates of its projects then fetch it, and may run its tasks and extensions on this machine. A URL that ends in
    a slash allows every template below it. In CI, set the variable STREAMPLATE_TRUST instead.
    """
    if listing or not url:
        _list(listing)
        return
    address = url if url.endswith("/") else addresses.split(url)[0]
    if not remove:
        addresses.refuse_secret(address)
    if not remove:
        trust.add(address)
        click.echo(f"{address} is trusted: {trust.file()}")
    elif trust.remove(address):
        click.echo(f"{address} is trusted no longer.")
    else:
        raise UsageProblem(f"{address} was not trusted", "To see what is: streamplate trust --list")


def _list(asked: bool) -> None:
    if not asked:
        raise UsageProblem("Which template is to be trusted?", "Name its URL, or list those that are: --list")
    click.echo("\n".join(map(hidden, trust.listed())) or "No template but streamplate's own is trusted.")


@click.command(
    epilog=examples(
        "streamplate source https://git.example.com/new-place/agents.git",
        "streamplate source https://git.example.com/platform/agents.git --release v1.0.0 --all ~/agents",
    )
)
@click.argument("url")
@paths_argument
@all_option
@click.option("--release", metavar="REF", default="", help="Its name for the projects' release, if it differs.")
def source(url: str, paths: tuple[Path, ...], below: Path | None, release: str) -> None:
    """Make projects follow the template at URL from now on.

    For a template that has moved, or your own copy of it. Only the projects' answers files change.
    """
    moved = moving.move(projects(paths, below), url, release)
    for project in moved:
        click.echo(f"{project.root} follows {project.source} {project.release}.")
    if moved[0].source != SOURCE and not trust.allows(moved[0].source):
        click.echo(f"To have it followed: streamplate trust {moved[0].source}")
    click.echo("Commit that:")
    for project in moved:
        click.echo(f"  git -C {quoted(shown(project.root))} commit -m 'The template moved' -- .copier-answers.yml")
