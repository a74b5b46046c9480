"""Failures of model calls, the same for every provider."""

import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

from ..errors import Failure

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


class ModelStopped(Exception):
    """Why, in the provider's word, an answer ended that is not a whole one."""


class BrokenAnswer(Exception):
    """What came is not in the form that the provider's API has, or ended before its end."""


def status_failure(status: int, text: str, headers: Mapping[str, str] = NO_HEADERS) -> Failure:
    """What a response with a status of 400 or more means. `text` is its body, or the message in it."""
    code = STATUSES.get(status, "model_unavailable" if status >= 500 else "model_refused")
    too_long = code == "model_refused" and TOO_LONG.search(text)
    return Failure("context_too_long" if too_long else code, retry_after=retry_after(headers))


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds that the provider asks to wait, or until the date that it gives; 0 if it does not say.

    https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    """
    given = headers.get("retry-after", "")
    try:
        return float(given) if given[:1].isdigit() else parsedate_to_datetime(given).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0


def is_passing(error: BaseException) -> bool:
    """Whether the same call may well succeed a moment later."""
    return isinstance(error, Failure) and error.code in PASSING


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
