"""Amazon Bedrock: how its model calls are retried, closed when a run ends, and explained when they fail."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any

import boto3
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from tenacity import Retrying, retry_if_exception, sleep_using_event, stop_before_delay, stop_when_event_set
from tenacity.wait import wait_random_exponential
from urllib3.exceptions import HTTPError

from .errors import Failure
from .settings import Settings

NAME = "bedrock"

# What a model may read beside text: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html,
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
DOCUMENTS = {
    "application/pdf",
    "text/plain",
    "text/markdown",
    "text/csv",
    "text/html",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

# Codes of https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
# (in a stream they begin with a lower-case letter), and of the credentials that sign the call.
THROTTLED = ("throttled", "The model is busy: too many requests. Try again in a moment.")
UNAVAILABLE = ("model_unavailable", "The model did not answer, or the connection to it was lost. Try again.")
CREDENTIALS = ("credentials", "The agent has no valid AWS credentials.")
OTHER = ("model_error", "The model call failed. The log has the details.")
FAILURES = {
    "ThrottlingException": THROTTLED,
    "ServiceQuotaExceededException": THROTTLED,
    "ServiceUnavailableException": UNAVAILABLE,
    "InternalServerException": UNAVAILABLE,
    "ModelNotReadyException": UNAVAILABLE,
    "ModelTimeoutException": UNAVAILABLE,
    "ModelStreamErrorException": ("model_error", "The model failed while it was answering. Try again."),
    "ModelErrorException": ("model_error", "The model failed while it was answering. Try again."),
    "AccessDeniedException": ("model_access_denied", "The agent may not use this model: check its permissions."),
    "ResourceNotFoundException": ("model_not_found", "The model does not exist in this region: check MODEL_ID."),
    "ValidationException": ("model_refused", "The model refused the request. The log has the details."),
    "ExpiredTokenException": CREDENTIALS,
    "UnrecognizedClientException": CREDENTIALS,
    "InvalidSignatureException": CREDENTIALS,
}
RETRIED = {"ThrottlingException", "ServiceUnavailableException", "InternalServerException", "ModelNotReadyException"}


class TruncatedStream(Exception):
    """The stream ended without `messageStop`: what came so far is not the whole answer."""


class ModelStream:
    """The events of one model call. One thread reads them; any thread may close it meanwhile."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._events = iter(stream)
        self._lock = threading.Lock()
        self._reading = self._closed = self._complete = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        """The next event. After `close`, there is none."""
        with self._reader():
            event: dict[str, Any] | None = None if self._closed else next(self._events, None)
        if event is None or self._closed:
            if self._closed or self._complete:
                raise StopIteration
            raise TruncatedStream
        self._complete = self._complete or "messageStop" in event
        return event

    @contextmanager
    def _reader(self) -> Iterator[None]:
        """A thread that reads when the stream is closed is woken, and then frees the connection itself."""
        with self._lock:
            self._reading = True
        try:
            yield
        finally:
            with self._lock:
                self._reading = False
                if self._closed:
                    self._stream.close()

    def close(self) -> None:
        """End the call at once, and free its connection."""
        with self._lock:
            self._closed = True
            # Only a shutdown wakes a thread that waits in a read: `close()` does not. botocore has no public way.
            with suppress(OSError, RuntimeError, ValueError, AttributeError):
                self._stream._raw_stream.shutdown()
            if not self._reading:
                self._stream.close()


class ModelCalls:
    """The model calls of one run. Closing it ends their streams at once, whichever thread reads them."""

    def __init__(self, retry_seconds: float) -> None:
        self.closed = threading.Event()
        self.retrying = Retrying(
            retry=retry_if_exception(_is_passing),
            stop=stop_before_delay(retry_seconds) | stop_when_event_set(self.closed),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            sleep=sleep_using_event(self.closed),
            reraise=True,
        )
        self._lock = threading.Lock()
        self._streams: list[ModelStream] = []

    def add(self, stream: ModelStream) -> None:
        """Remember a stream, or close it if the run has ended meanwhile."""
        with self._lock:
            self._streams.append(stream)
        if self.closed.is_set():
            self.close()

    def close(self) -> None:
        """End every stream and every wait for a retry."""
        self.closed.set()
        with self._lock:
            streams, self._streams = self._streams, []
        for stream in streams:
            stream.close()


_calls: ContextVar[ModelCalls] = ContextVar("model_calls")


@contextmanager
def model_calls(settings: Settings) -> Iterator[None]:
    """Every model call made within, also in threads that inherit the context, has ended when the block has."""
    calls = ModelCalls(settings.throttle_seconds)
    token = _calls.set(calls)
    try:
        yield
    finally:
        calls.close()
        with suppress(ValueError):  # an abandoned generator is closed in another context
            _calls.reset(token)


class TrackedClient:
    """A `bedrock-runtime` client whose `converse_stream` belongs to the run that called it.

    It retries what passes by itself, within the run's deadline and before the first event: nothing is sent twice.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def converse_stream(self, **request: Any) -> dict[str, Any]:
        """The response of boto3's `converse_stream`."""
        calls = _calls.get()
        response: dict[str, Any] = calls.retrying(self._client.converse_stream, **request)
        stream = ModelStream(response["stream"])
        calls.add(stream)
        return {**response, "stream": stream}


connections = nullcontext  # boto3's need no closing


def client_config(settings: Settings) -> Config:
    """One connection for each run, and no retries but ours: botocore's would outlast every deadline."""
    return Config(
        max_pool_connections=settings.max_runs,
        read_timeout=settings.model_read_seconds,
        connect_timeout=10,
        retries={"total_max_attempts": 1},
    )


def failure(error: BaseException) -> Failure | None:
    """What went wrong in a model call, without the provider's own text; None when it was not a model call."""
    for cause in _causes(error):
        if isinstance(cause, ClientError):
            return Failure(*FAILURES.get(_code(cause), OTHER))
        if isinstance(cause, NoCredentialsError | PartialCredentialsError | TokenRetrievalError | SSOError):
            return Failure(*CREDENTIALS)
        if isinstance(cause, BotoCoreError | HTTPError | TruncatedStream):
            return Failure(*UNAVAILABLE)
    return None


def missing_credentials() -> str | None:
    """What to set before Bedrock can be called from here, or None."""
    if boto3.Session().get_credentials() is None:
        return "No AWS credentials were found. Set AWS_PROFILE, or run `aws configure` or `aws sso login`."
    return None


def _is_passing(error: BaseException) -> bool:
    return (isinstance(error, ClientError) and _code(error) in RETRIED) or type(error).__name__ in {
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ConnectionClosedError",
    }


def _code(error: ClientError) -> str:
    code: str = error.response.get("Error", {}).get("Code", "")
    return code[:1].upper() + code[1:]


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
