"""`streamplate doctor`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from streamplate import doctor as examination
from streamplate.cli.answers import json_option
from streamplate.cli.group import examples
from streamplate.doctor import Finding

_COLOURS = {"ok": "green", "note": "yellow", "problem": "red"}


@click.command(epilog=examples("streamplate doctor", "streamplate doctor my-agent --aws", "streamplate doctor --json"))
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--aws", is_flag=True, help="Call AWS too: your identity, one token of the model, AgentCore.")
@json_option
@click.pass_context
def doctor(context: click.Context, path: Path, aws: bool, as_json: bool) -> None:
    """Report what this machine and the project in PATH lack.

    It looks at programs, files and variables. It sends nothing, unless --aws is given, which first lists
    its calls. Exit code 1 if there is a problem.
    """
    findings = examination.examine(path, aws=aws, say=lambda text: click.echo(text, err=True))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        click.echo("\n".join(map(_line, findings)))
    context.exit(1 if any(finding.status == "problem" for finding in findings) else 0)


def _line(finding: Finding) -> str:
    status = click.style(f"{finding.status:8}", fg=_COLOURS[finding.status])
    fix = f"\n{'':9}{'':16}{click.style(finding.fix, fg='cyan')}" if finding.fix else ""
    return f"{status} {finding.check:15} {finding.found}{fix}"
