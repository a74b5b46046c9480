"""The command group: lists commands in the order of use, and prints failures as a message and a hint."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import IO, Any

import click

from streamplate import dumb_terminal, log
from streamplate.errors import StreamplateError, from_system

JSON = "streamplate.json"
"""Where a context remembers, in its `meta`, that `--json` was given."""


class Group(click.Group):
    """Turns every expected failure into two lines and its exit code; each command takes `--verbose`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        cmd.params.append(verbose_option())
        super().add_command(cmd, name)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # an arrow on a terminal without one is no reason to fail
        colour = False if os.environ.get("NO_COLOR") or dumb_terminal.is_dumb() else None
        return super().make_context(*args, **{"color": colour, **extra})

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except StreamplateError as failure:
            raise _Shown(failure, ctx) from None
        except KeyboardInterrupt:
            raise _Shown(StreamplateError("Interrupted"), ctx) from None
        except BrokenPipeError:  # `streamplate options | head`: click ends quietly
            raise
        except OSError as error:
            raise _Shown(from_system(error), ctx) from None


def verbose_option() -> click.Option:
    text = "Show on stderr what git and Copier do, and how long it takes."
    return click.Option(["-v", "--verbose"], is_flag=True, expose_value=False, callback=_talk, help=text)


def _talk(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        log.show()


def examples(*commands: str) -> str:
    """The last paragraph of a help text; the `\\b` keeps click from wrapping it."""
    return "\n".join(["\b", "Examples:", *(f"  {command}" for command in commands)])


class _Shown(click.ClickException):
    def __init__(self, failure: StreamplateError, context: click.Context) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.as_json = context.meta.get(JSON, False)
        self.exit_code = failure.exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        if self.as_json:
            click.echo(json.dumps(self.failure.as_dict(), indent=2))
        click.secho(f"Error: {self.message}", err=True, fg="red")
        if self.failure.hint:
            click.echo(self.failure.hint, err=True)
