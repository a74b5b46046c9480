"""`streamplate releases`."""

from __future__ import annotations

import dataclasses
import json

import click

from streamplate import notes, sources
from streamplate.cli.answers import json_option
from streamplate.cli.group import examples
from streamplate.cli.source import origin, source_option


@click.command(epilog=examples("streamplate releases", "streamplate releases --json"))
@source_option
@json_option
def releases(source: str, as_json: bool) -> None:
    """List the template's releases, with the questions of each.

    Lists the releases in this package, or, in a project of another template, the releases of that template.
    """
    with sources.named(origin(source)) as template:
        listed = notes.listed(template)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(each) for each in listed], indent=2))
    else:
        click.echo("\n".join(_describe(each) for each in listed))


def _describe(each: notes.Notes) -> str:
    warnings = [f"  Breaking: {text}" for text in each.breaking] + [f"  By hand: {text}" for text in each.manual]
    return "\n".join([f"{click.style(each.release, bold=True)}  {each.summary}".rstrip(), *warnings])
