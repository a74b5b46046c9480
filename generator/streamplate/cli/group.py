"""The command group: commands in the order a user meets them, failures as a message and a hint."""

from __future__ import annotations

from typing import IO, Any

import click

from streamplate.errors import StreamplateError


class Group(click.Group):
    """Turns every expected failure into two lines and its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except StreamplateError as failure:
            raise _Shown(failure) from None
        except KeyboardInterrupt:
            raise _Shown(StreamplateError("Interrupted")) from None
        except OSError as error:
            raise _Shown(_from_system(error)) from None


class _Shown(click.ClickException):
    def __init__(self, failure: StreamplateError) -> None:
        super().__init__(failure.message)
        self.hint = failure.hint
        self.exit_code = failure.exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        click.secho(f"Error: {self.message}", err=True, fg="red")
        if self.hint:
            click.echo(self.hint, err=True)


def _from_system(error: OSError) -> StreamplateError:
    place = f"{error.filename}: " if error.filename else ""
    hint = "Check that the folder is there, that it may be written to, and that the disk is not full"
    return StreamplateError(f"{place}{error.strerror or error}", hint)
