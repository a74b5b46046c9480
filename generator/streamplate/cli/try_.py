"""`streamplate try`."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from streamplate import demo
from streamplate.cli.answers import data_option, from_data
from streamplate.cli.group import examples
from streamplate.toolchain import own_command, quoted, shown

EXAMPLES = examples(
    "streamplate try",
    'streamplate try --once "What is 37 * 12 + 5?" -d framework=langgraph',
    "streamplate try --keep my-agent",
)


@click.command("try", epilog=EXAMPLES)
@click.argument("question", default=demo.QUESTION)
@data_option
@click.option("--keep", metavar="DIR", type=click.Path(path_type=Path), help="Make the project in DIR, and keep it.")
@click.option("--once", is_flag=True, help="End after the first answer, on a terminal too.")
def try_(question: str, data: tuple[str, ...], keep: Path | None, once: bool) -> None:
    """Talk to a streaming agent, on this machine, with no account.

    Makes a project in a temporary folder, installs it, runs it offline and asks it QUESTION. In a terminal you can
    then continue the conversation. At the end, everything is removed.
    """
    for name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):  # Windows has no SIGHUP
            signal.signal(number, lambda *_: sys.exit(1))
    chat = sys.stdin.isatty() and sys.stdout.isatty() and not once
    if demo.run(question, from_data(data), keep=keep, chat=chat, step=_step, say=_say):
        sys.exit(1)
    place = f"cd {quoted(shown(keep.absolute()))}" if keep else f"{own_command()} new my-agent"
    click.echo(f"\n{'Kept' if keep else 'Make your own'}: {click.style(place, fg='cyan')}", err=True)


@contextmanager
def _step(name: str) -> Iterator[None]:
    started = time.monotonic()
    click.echo(f"{name} … ", nl=False, err=True)
    yield
    click.echo(f"{time.monotonic() - started:.1f} s", err=True)


def _say(text: str) -> None:
    click.secho(text, err=True, dim=True)
