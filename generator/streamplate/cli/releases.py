"""`streamplate releases`."""

from __future__ import annotations

import dataclasses
import json

import click

from streamplate import notes, template
from streamplate.cli.answers import json_option
from streamplate.cli.group import examples


@click.command(epilog=examples("streamplate releases", "streamplate releases --json"))
@json_option
def releases(as_json: bool) -> None:
    """List the template releases on board, with what each asks."""
    with template.unpacked() as source:
        known = {each.release: each for each in notes.read(source)}
    listed = [known.get(tag, notes.Notes(tag)) for tag in template.releases()]
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(each) for each in listed], indent=2))
    else:
        click.echo("\n".join(_describe(each) for each in listed))


def _describe(each: notes.Notes) -> str:
    warnings = [f"  Breaking: {text}" for text in each.breaking] + [f"  By hand: {text}" for text in each.manual]
    return "\n".join([f"{click.style(each.release, bold=True)}  {each.summary}".rstrip(), *warnings])
