"""Errors: a request that is refused before its stream starts, a failure within the stream, and a bad setting."""

from typing import Any

from pydantic import ValidationError


class BadSetting(SystemExit):
    """A setting that cannot be used: what was being started ends with this message, and exit code 1."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} cannot be used: {problem}")


def problems(error: ValidationError) -> str:
    """What is wrong, and where, without what was given: it may be a secret."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(": ".join([*filter(None, [".".join(map(str, each["loc"]))]), each["msg"]]) for each in found)


class Refused(Exception):
    """The request was not accepted, and the model was not called.

    `status` is the HTTP status; `code` is stable, for programs; the message is for people; `details` are further
    fields of the answer.
    """

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    @property
    def body(self) -> dict[str, Any]:
        """The answer, as JSON."""
        return {"code": self.code, "message": self.message, **self.details}


class Failure(Exception):
    """The run failed. `code` is stable, and the message is safe to show: details belong in the log."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def reason(error: BaseException) -> str:
    """What led to an error, for a line of the log."""
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}"


def internal_failure() -> Failure:
    """Whatever nobody foresaw."""
    return Failure("internal", "The agent failed. The log has the details.")


def turn_limit() -> Failure:
    """The agent went round in circles."""
    return Failure("turn_limit", "The agent stopped: it called the model too many times in one turn.")


def malformed_answer() -> Failure:
    """The model's answer cannot be read."""
    return Failure("malformed_answer", "The model's answer cannot be read. Try again.")


def shutting_down() -> Failure:
    """The process is shutting down."""
    return Failure("shutting_down", "The server is shutting down. Ask again.")
