"""`streamplate try`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from streamplate import trial
from streamplate.cli.answers import data_option, from_data
from streamplate.cli.group import examples

EXAMPLES = examples(
    "streamplate try",
    "streamplate try --chat",
    'streamplate try "What is 37 * 12 + 5?" -d framework=langgraph',
    "streamplate try --keep my-agent",
)


@click.command("try", epilog=EXAMPLES)
@click.argument("question", default=trial.QUESTION)
@data_option
@click.option("--keep", metavar="DIR", type=click.Path(path_type=Path), help="Make the project in DIR, and keep it.")
@click.option("--chat", is_flag=True, help="Go on with the conversation, in this terminal.")
def try_(question: str, data: tuple[str, ...], keep: Path | None, chat: bool) -> None:
    """See a streaming agent answer, on this machine, with no account.

    Makes a project in a temporary folder, installs it, runs it offline, asks it QUESTION and removes it all again.
    """
    for name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):  # Windows has no SIGHUP
            signal.signal(number, lambda *_: sys.exit(1))
    if trial.run(question, from_data(data), keep=keep, chat=chat, step=_step):
        sys.exit(1)
    place = f"cd {os.path.relpath(keep)}" if keep else "streamplate new my-agent"
    click.echo(f"\n{'Kept' if keep else 'Make your own'}: {click.style(place, fg='cyan')}", err=True)


@contextmanager
def _step(name: str) -> Iterator[None]:
    started = time.monotonic()
    click.echo(f"{name} … ", nl=False, err=True)
    yield
    click.echo(f"{time.monotonic() - started:.1f} s", err=True)
