"""Answers from the command line: `-d KEY=VALUE`, and a YAML file of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from streamplate.cli.complete import complete_answer
from streamplate.cli.group import JSON
from streamplate.errors import UsageProblem

data_option = click.option(
    "-d",
    "--data",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=complete_answer,
    help="Answer one question; a list as a,b. Repeatable.",
)


def _remember(context: click.Context, parameter: click.Parameter, wanted: bool) -> bool:
    context.meta[JSON] = wanted
    return wanted


json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=_remember,
    is_eager=True,
    help="Print the result, or the failure, as JSON.",
)


def from_data(data: tuple[str, ...]) -> dict[str, str]:
    """Answers given as `KEY=VALUE`, still as text."""
    return dict(_pair(text) for text in data)


def from_file(path: Path | None) -> dict[str, Any]:
    """Answers in a YAML file, which may be the answers file of another project; none without a file."""
    import yaml

    if path is None:
        return {}
    try:
        answers = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(answers, dict):
        raise UsageProblem(f"{path} does not hold KEY: VALUE lines")
    return {str(key): value for key, value in answers.items() if not str(key).startswith("_")}


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageProblem(f"-d {text} is not KEY=VALUE", "For instance: -d tools=weather,time")
    return key.strip(), value
