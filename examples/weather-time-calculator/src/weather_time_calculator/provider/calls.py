"""The model calls of one run: retries, token usage, failures, and closing them when the run ends."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
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


class ModelCall:
    """Takes notes of one model call. This class keeps none; the inspector has one that does. Nothing else is deployed.

    A thread may tell of it, one at a time.
    """

    model = ""
    """The model that is asked: the fallback after the first, in some tries."""

    def sent(self, request: bytes | dict[str, Any]) -> None:
        """A try begins. This is what the provider is sent: the body, without headers."""

    def begun(self) -> None:
        """The first piece of the answer is here."""

    def received(self, event: Any) -> None:
        """An event of the answer, as the provider sent it."""

    def used(self, usage: Usage) -> None:
        """The tokens of a try."""

    def failed(self, failure: Failure) -> None:
        """A try, or the answer that had begun, failed."""

    def ended(self) -> None:
        """There are no more tries, and the answer has ended."""


class ModelCalls:
    """The model calls of one run.

    `usage` adds up, with that of calls that failed, and `usage_of` for each model; `fallbacks` is how many answers the
    fallback model gave; `failure` is the first one that a framework was told of, which it
    may have kept to itself; `count` is how many calls were begun. `retry_seconds` is how long one is tried again.
    `call_ids` are those of the conversation's tool calls: some frameworks do not send them, and models give the same
    ones again. `watch` makes the `ModelCall` that takes notes of each call.
    """

    def __init__(
        self,
        retry_seconds: float = 0,
        call_ids: Iterable[str] = (),
        watch: Callable[[], ModelCall] = ModelCall,
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

    def begin(self) -> ModelCall:
        """Count a call."""
        with self._lock:
            self.count += 1
        return self._watch()

    def add(self, stream: Closing) -> None:
        """Close this when the run ends, or now if it has ended meanwhile."""
        with self._lock:
            self._open.append(stream)
        if self.closed.is_set():
            self.close()

    def used(self, usage: Usage, call: ModelCall) -> None:
        """Add the tokens of one call."""
        call.used(usage)
        with self._lock:
            self.usage += usage
            self.usage_of[call.model] = self.usage_of.get(call.model, Usage()) + usage

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


_current: ContextVar[ModelCalls] = ContextVar("model_calls")


def current_calls() -> ModelCalls:
    """Those of the run that the caller works for."""
    return _current.get(None) or ModelCalls()


@contextmanager
def model_calls(
    settings: Settings, call_ids: Iterable[str] = (), watch: Callable[[], ModelCall] = ModelCall
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
