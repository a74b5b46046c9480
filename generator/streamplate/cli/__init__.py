"""The `streamplate` command: each subcommand calls one function of the package."""

import click

from streamplate import __version__
from streamplate.cli.check import check
from streamplate.cli.group import Group
from streamplate.cli.new import new
from streamplate.cli.options import options
from streamplate.cli.releases import releases
from streamplate.cli.trial import try_
from streamplate.cli.update import configure, update


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Streaming agents, from template to Amazon Bedrock AgentCore."""


for command in (try_, new, options, update, configure, check, releases):
    main.add_command(command)
