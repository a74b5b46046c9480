"""Failures of model calls, the same for every provider: a stable code, and a message that is safe to show."""

import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

from ..errors import Failure

MESSAGES = {
    "throttled": "The model is busy: too many requests. Try again in a moment.",
    "model_unavailable": "The model did not answer, or the connection to it was lost. Try again.",
    "model_error": "The model failed while it was answering. Try again.",
    "model_refused": "The model refused the request. The log has the details.",
    "model_access_denied": "The agent may not use this model: check its permissions.",
    "model_not_found": "The model does not exist, or not in this region: check MODEL_ID.",
    "credentials": "The agent has no valid credentials for the model.",
    "context_too_long": "The conversation is longer than the model can read. Start a new one, or ask for less.",
    "answer_too_long": "The model reached its output limit before the answer was complete.",
    "malformed_answer": "The model's answer was malformed. Try again.",
    "content_filtered": "The provider's content filter stopped the answer.",
    "refused": "The model declined to answer.",
    "guardrail_intervened": "A guardrail blocked the question or the answer.",
    "model_stopped": "The model stopped before its answer was complete. The log has the reason.",
}
# What passes by itself: such a call is made again, unless a part of its answer was handed on.
PASSING = {"throttled", "model_unavailable", "model_error"}
STATUSES = {
    401: "credentials",
    403: "model_access_denied",
    404: "model_not_found",
    408: "model_unavailable",
    413: "context_too_long",
    424: "model_error",
    429: "throttled",
    500: "model_error",
}

# What providers and servers say when a request is more than the model reads: their errors have no code for it.
TOO_LONG = re.compile(
    r"(input|prompt|request|conversation|messages?) (is |are )?(too (long|large)|exceeds?)"
    r"|(token count|(?<!max_)tokens) (\([^)]*\) )?exceeds?"
    r"|exceeds? (the |its )?(available |maximum |max )?(context|number of tokens)"
    r"|(maximum|model's) (context|prompt)|context[ _](length|window|size|limit)"
    r"|too many (total |input )?(tokens|text bytes)|string_above_max_length",
    re.IGNORECASE,
)

NO_HEADERS: Mapping[str, str] = {}


class ModelFailure(Failure):
    """A model call failed. `retry_after` is how many seconds the provider asks to wait, 0 if it does not say."""

    retry_after: float = 0


class ModelStopped(Exception):
    """Why, in the provider's word, an answer ended that is not a whole one."""


class BrokenAnswer(Exception):
    """What came is not in the form that the provider's API has, or ended before its end."""


def model_failure(code: str, message: str = "", headers: Mapping[str, str] = NO_HEADERS) -> ModelFailure:
    """The failure with this code. `message`: the model's or the provider's own, if there is one that is to be shown."""
    failure = ModelFailure(code, message.strip()[:2000] or MESSAGES[code])
    failure.retry_after = _seconds(headers.get("retry-after", ""))
    return failure


def status_failure(status: int, text: str, headers: Mapping[str, str] = NO_HEADERS) -> ModelFailure:
    """What a response with a status of 400 or more means. `text` is its body, or the message in it."""
    code = STATUSES.get(status, "model_unavailable" if status >= 500 else "model_refused")
    return model_failure("context_too_long" if code == "model_refused" and TOO_LONG.search(text) else code, "", headers)


def is_passing(error: BaseException) -> bool:
    """Whether the same call may well succeed a moment later."""
    return isinstance(error, ModelFailure) and error.code in PASSING


def told_failure(error: BaseException) -> Failure | None:
    """The failure that led to this error, if one did: SDKs and frameworks wrap it in errors of their own."""
    return next((cause for cause in causes(error) if isinstance(cause, Failure)), None)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what led to it, each once."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop(0)
        if cause is None or cause in seen:
            continue
        seen.append(cause)
        yield cause
        waiting += [*(cause.exceptions if isinstance(cause, BaseExceptionGroup) else ()), cause.__cause__]
        waiting.append(None if cause.__cause__ else cause.__context__)


def _seconds(retry_after: str) -> float:
    """A number or a date: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after."""
    try:
        if retry_after[:1].isdigit():
            return float(retry_after)
        return parsedate_to_datetime(retry_after).timestamp() - time.time()
    except ValueError:
        return 0
