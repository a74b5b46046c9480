"""Errors: a request that is refused before its stream starts, a failure within the stream, and a bad setting."""

from typing import Any

from pydantic import ValidationError


class BadSetting(SystemExit):
    """A setting that cannot be used: what was being started ends with this message, and exit code 1."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} cannot be used: {problem}")


def problems(error: ValidationError, most: int | None = None) -> str:
    """What is wrong, and where, without what was given: it may be a secret."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[:most]
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


MESSAGES = {
    "answer_too_long": "The model reached its output limit before the answer was complete.",
    "content_filtered": "The provider's content filter stopped the answer.",
    "context_too_long": "The conversation is longer than the model can read. Start a new one, or ask for less.",
    "credentials": "The agent has no valid credentials for the model.",
    "guardrail_intervened": "A guardrail blocked the question or the answer.",
    "internal": "The agent failed. The log has the details.",
    "malformed_answer": "The model's answer cannot be read. Try again.",
    "memory_failed": "The agent's memory failed. The log has the details.",
    "model_access_denied": "The agent may not use this model: check its permissions.",
    "model_error": "The model failed while it was answering. Try again.",
    "model_not_found": "The model does not exist, or not in this region: check MODEL_ID.",
    "model_refused": "The model refused the request. The log has the details.",
    "model_stopped": "The model stopped before its answer was complete. The log has the reason.",
    "model_unavailable": "The model did not answer, or the connection to it was lost. Try again.",
    "no_actor": "The agent remembers callers, and cannot tell who this one is.",
    "refused": "The model declined to answer.",
    "run_timeout": "The run took too long.",
    "run_too_long": "The run has told more than the agent keeps of one run.",
    "shutting_down": "The server is shutting down. Ask again.",
    "throttled": "The model is busy: too many requests. Try again in a moment.",
    "turn_limit": "The agent stopped: it called the model too many times in one turn.",
}
"""What a run's failures say, by their codes: safe to show, as details belong in the log."""


class Failure(Exception):
    """The run failed. `code` is stable; `message` is the model's or the provider's own where one is to be shown.

    `retry_after` is how many seconds the provider asks to wait, 0 if it does not say.
    """

    def __init__(self, code: str, message: str = "", retry_after: float = 0) -> None:
        self.code = code
        self.message = message.strip()[:2000] or MESSAGES[code]
        self.retry_after = retry_after
        super().__init__(self.message)


def reason(error: BaseException) -> str:
    """What led to an error, for a line of the log."""
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}"
