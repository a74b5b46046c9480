"""The model calls of one run: retries, token usage, failures, and closing them when the run ends."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from tenacity import RetryCallState
from tenacity.wait import wait_random_exponential

from ..errors import Failure, reason
from ..runs.parts import Usage
from ..settings import Settings

logger = logging.getLogger(__name__)

_backoff = wait_random_exponential(multiplier=0.5, max=8)


class Closing(Protocol):
    """Something that any thread may close, more than once."""

    def close(self) -> object: ...


Notes = Callable[[str, Any], None]
"""Takes notes of one model call, from one thread at a time: what happens, and with what.

`sent`: a try begins, with this body; `begun`: the first piece of the answer is here; `received`: an event of it, as the
provider sent it; `used`: the tokens of a try; `failed`: a try, or the answer that had begun, and how; `ended`: there
are no more tries, and the answer has ended. The inspector takes some; a deployed agent takes none.
"""


def no_notes() -> Notes:
    """Of a call that nobody looks into."""
    return lambda what, told: None


class ModelCalls:
    """The model calls of one run.

    `usage` adds up, with that of calls that failed, and `usage_of` for each model; `fallbacks` is how many answers the
    fallback model gave; `failure` is the first one that a framework was told of, which it
    may have kept to itself; `count` is how many calls were begun. `retry_seconds` is how long one is tried again.
    `call_ids` are those of the conversation's tool calls: some frameworks do not send them, and models give the same
    ones again. `watch` makes what takes notes of each call.
    """

    def __init__(
        self, retry_seconds: float = 0, call_ids: Iterable[str] = (), watch: Callable[[], Notes] = no_notes
    ) -> None:
        self.usage = Usage()
        self.usage_of: dict[str, Usage] = {}
        self.fallbacks = 0
        self.failure: Failure | None = None
        self.count = 0
        self.call_ids = set(call_ids)
        self.retry_seconds = retry_seconds
        self.closed = threading.Event()
        self._watch = watch
        self._lock = threading.Lock()
        self._open: list[Closing] = []

    def begin(self) -> "ModelCall":
        """Count a call."""
        with self._lock:
            self.count += 1
        return ModelCall(self, self._watch())

    def add(self, stream: Closing) -> None:
        """Close this when the run ends, or now if it has ended meanwhile."""
        with self._lock:
            self._open.append(stream)
        if self.closed.is_set():
            self.close()

    def used(self, usage: Usage, model: str) -> None:
        """Add the tokens of one call."""
        with self._lock:
            self.usage += usage
            self.usage_of[model] = self.usage_of.get(model, Usage()) + usage

    def fell_back(self) -> None:
        """Count an answer of the fallback model."""
        with self._lock:
            self.fallbacks += 1

    def failed(self, failure: Failure) -> None:
        """Log a failure, and keep the first; but none that is only the end of the run."""
        if self.closed.is_set():
            return
        logger.error("a model call failed: %s (%s)", failure.code, reason(failure))
        with self._lock:
            self.failure = self.failure or failure

    def close(self) -> None:
        """End every stream, and every wait to try again."""
        self.closed.set()
        with self._lock:
            streams, self._open = self._open, []
        for stream in streams:
            stream.close()


@dataclass
class ModelCall:
    """One model call of a run. `model` is asked: the fallback after the first, in some tries."""

    run: ModelCalls
    note: Notes
    model: str = ""

    def used(self, usage: Usage) -> None:
        """Count the tokens of a try."""
        self.note("used", usage)
        self.run.used(usage, self.model)


_current: ContextVar[ModelCalls] = ContextVar("model_calls")


def current_calls() -> ModelCalls:
    """Those of the run that the caller works for."""
    return _current.get(None) or ModelCalls()


@contextmanager
def model_calls(
    settings: Settings, call_ids: Iterable[str] = (), watch: Callable[[], Notes] = no_notes
) -> Iterator[ModelCalls]:
    """Model calls made within, also by threads and tasks that inherit the context, have ended when the block has."""
    calls = ModelCalls(settings.throttle_seconds, call_ids, watch)
    token = _current.set(calls)
    try:
        yield calls
    finally:
        calls.close()
        with suppress(ValueError):  # an abandoned generator is closed in another context
            _current.reset(token)


def wait(state: RetryCallState) -> float:
    """The seconds until the next try: longer each time, and as long as the provider asks."""
    error = state.outcome.exception() if state.outcome else None
    return max(_backoff(state), error.retry_after if isinstance(error, Failure) else 0)
