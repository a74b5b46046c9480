"""The help of each subcommand."""

from __future__ import annotations

import click
from click.testing import CliRunner
from streamplate.cli import main as command

from tests.reference.markdown import page_of


def page() -> str:
    with click.Context(command, info_name="streamplate") as context:
        names = command.list_commands(context)
    return page_of("Commands", "What `streamplate COMMAND --help` prints.", map(_help, names))


def _help(name: str) -> str:
    printed = CliRunner(env={"COLUMNS": "80"}).invoke(command, [name, "--help"], prog_name="streamplate").output
    return f"## {name}\n\n```text\n{printed.strip()}\n```"
