"""The `streamplate` command: each subcommand calls one function of the package."""

import click

from streamplate import __version__
from streamplate.cli.adopt import adopt
from streamplate.cli.check import check
from streamplate.cli.complete import completion
from streamplate.cli.doctor import doctor
from streamplate.cli.group import Group, verbose_option
from streamplate.cli.new import new
from streamplate.cli.options import options
from streamplate.cli.releases import releases
from streamplate.cli.source import source, trust_
from streamplate.cli.template import template
from streamplate.cli.try_ import try_
from streamplate.cli.undo import undo
from streamplate.cli.update import configure, update

SETTINGS = {"help_option_names": ["-h", "--help"]}
EPILOG = """\b
Start:       streamplate try, then streamplate new my-agent
Carry on:    streamplate update --preview, streamplate configure -d tools=weather

\b
Exit codes:  0  done
             1  failed, or a problem was found (check, doctor)
             2  wrong usage: an unknown option, question or value
             3  updated, with conflicts for you to resolve
"""


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the command's version, and the releases that it brings projects to."""
    if not asked or context.resilient_parsing:
        return
    from streamplate.template import releases as on_board

    oldest, *_others, newest = on_board()
    click.echo(f"streamplate {__version__}, with the template's releases {oldest} to {newest}")
    context.exit()


@click.group(cls=Group, params=[verbose_option()], epilog=EPILOG, context_settings=SETTINGS)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit."
)
def main() -> None:
    """Streaming agents, from template to Amazon Bedrock AgentCore."""


for command in (
    try_,
    new,
    adopt,
    options,
    update,
    configure,
    undo,
    check,
    releases,
    trust_,
    source,
    template,
    doctor,
    completion,
):
    main.add_command(command)
