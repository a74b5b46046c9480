"""All expected failures: each has a message, a hint and an exit code.

* `StreamplateError`, exit 1: it could not be done.
  * `UsageProblem`, exit 2: the request itself cannot be met.
    * `OtherTemplate`, exit 2: the project was made from a template that is neither ours nor trusted.
"""

from __future__ import annotations

from typing import ClassVar

from streamplate.redaction import hidden


class StreamplateError(Exception):
    """An expected failure: `message` says what is wrong, `hint` what to do about it."""

    exit_code: ClassVar[int] = 1
    """With which the command ends."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message, self.hint = hidden(message), hidden(hint)  # what git says may repeat an address
        super().__init__(self.message)

    def as_dict(self) -> dict[str, str | int]:
        return {"error": self.message, "hint": self.hint, "exit_code": self.exit_code}


class UsageProblem(StreamplateError):
    """A wrong option, key or value: nothing was started."""

    exit_code = 2


class OtherTemplate(UsageProblem):
    """A project of another template, which the user does not trust."""


def from_system(error: OSError) -> StreamplateError:
    """What the operating system refused, as an expected failure."""
    place = f"{error.filename}: " if error.filename else ""
    hint = "Check that the folder is there, that it may be read and written to, and that the disk is not full"
    return StreamplateError(f"{place}{error.strerror or error}", hint)
