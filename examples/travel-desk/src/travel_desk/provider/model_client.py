"""The client that calls the model: it retries temporary failures, ends with the run, and explains failures."""

import itertools
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Any

from botocore.eventstream import EventStream
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EventStreamError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from tenacity import Retrying, retry_if_exception, sleep_using_event, stop_before_delay, stop_when_event_set
from urllib3.exceptions import HTTPError

from ..errors import Failure
from ..settings import Settings
from .calls import ModelCall, current_calls, wait
from .failures import causes, is_passing, retry_after, status_failure, told_failure
from .options import check, with_options
from .stream import Answer

logger = logging.getLogger(__name__)

# Codes of https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
# (in a stream they begin with a lower-case letter), and of the credentials that sign the call, where their HTTP status
# does not say as much.
FAILURES = {
    "ThrottlingException": "throttled",
    "ServiceQuotaExceededException": "throttled",
    "ServiceUnavailableException": "model_unavailable",
    "InternalServerException": "model_unavailable",
    "ModelNotReadyException": "model_unavailable",
    "ExpiredTokenException": "credentials",
    "UnrecognizedClientException": "credentials",
    "InvalidSignatureException": "credentials",
}
MESSAGE_START = {"messageStart": {"role": "assistant"}}


class ModelStream:
    """The events of one answer, as a framework reads them. Raises `Failure` for every error.

    It is there once the answer has begun: a call that failed before can be made again, as nothing was handed on.
    One thread reads it; any thread may close it meanwhile.
    """

    def __init__(self, stream: EventStream, call: ModelCall) -> None:
        self._stream = stream
        self._call = call
        self._lock = threading.Lock()
        self._reading = self._closed = False
        call.run.add(self)
        events = Answer(call).events(self._received())
        try:
            self._events = itertools.chain([MESSAGE_START, next(events)], events)
        except BaseException:
            self.close()
            raise
        call.note("begun", None)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        """The next event."""
        try:
            return next(self._events)
        except StopIteration:
            self._call.note("ended", None)
            raise
        except Exception as error:
            failure = _explained(error)
            self._call.note("failed", failure)
            self._call.note("ended", None)
            self._call.run.failed(failure)
            raise failure from failure.__cause__

    def _received(self) -> Iterator[dict[str, Any]]:
        """The events as they come. After `close`, there is none."""
        events = iter(self._stream)
        while True:
            with self._reader():
                event = None if self._closed else next(events, None)
            if event is None or self._closed:
                return
            self._call.note("received", event)
            yield event

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


class Response(Future[dict[str, Any]]):
    """What boto3 answers. Closing it ends the wait."""

    close = Future.cancel


class TrackedClient:
    """A `bedrock-runtime` client whose `converse_stream` belongs to the run that called it.

    It retries what passes by itself, within the run's deadline and before the answer begins: nothing is sent twice.
    Raises `BadSetting` for what Bedrock does not have.
    """

    def __init__(self, client: Any, settings: Settings) -> None:
        check(settings)
        self._client = client
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def converse_stream(self, **request: Any) -> dict[str, Any]:
        """The response of boto3's `converse_stream`."""
        call = current_calls().begin()
        retrying = Retrying(
            retry=retry_if_exception(is_passing),
            stop=stop_before_delay(call.run.retry_seconds) | stop_when_event_set(call.run.closed),
            wait=wait,
            sleep=sleep_using_event(call.run.closed),
            reraise=True,
        )
        try:
            return retrying(self._asked, request, call)
        except Failure as failure:
            call.note("ended", None)
            call.run.failed(failure)
            raise

    def _asked(self, request: dict[str, Any], call: ModelCall) -> dict[str, Any]:
        """The model's answer, or the fallback's where the model is busy or fails before its answer begins."""
        try:
            return self._answer(request, call)
        except Failure as failure:
            fallback = self._settings.fallback_model_id
            asked_first = request["modelId"] == self._settings.model_id
            if not (fallback and asked_first and is_passing(failure)) or call.run.closed.is_set():
                raise
            logger.warning("the model %s failed (%s): the fallback is asked", request["modelId"], failure.code)
        answer = self._answer({**request, "modelId": fallback}, call)
        call.run.fell_back()
        return answer

    def _answer(self, request: dict[str, Any], call: ModelCall) -> dict[str, Any]:
        try:
            request = with_options(request, self._settings)
            call.model = request["modelId"]
            call.note("sent", request)
            response = self._response(request, call)
            return {**response, "stream": ModelStream(response["stream"], call)}
        except Exception as error:
            failure = _explained(error)
            call.note("failed", failure)
            raise failure from failure.__cause__

    def _response(self, request: dict[str, Any], call: ModelCall) -> dict[str, Any]:
        """Ask in a thread that nobody waits for once the run has ended: boto3 cannot be woken before it answers."""
        response = Response()

        def ask() -> None:
            try:
                answer = self._client.converse_stream(**request)
            except Exception as error:
                with suppress(InvalidStateError):
                    response.set_exception(error)
                return
            try:
                response.set_result(answer)
            except InvalidStateError:
                answer["stream"].close()

        call.run.add(response)
        threading.Thread(target=copy_context().run, args=(ask,), daemon=True).start()
        return response.result()


def failure(error: BaseException) -> Failure | None:
    """What went wrong in a model call, without the provider's own text; None when it was not a model call."""
    if told := told_failure(error):
        return told
    for cause in causes(error):
        if isinstance(cause, ClientError):
            return _client_failure(cause)
        if isinstance(cause, NoCredentialsError | PartialCredentialsError | TokenRetrievalError | SSOError):
            return Failure("credentials")
        if isinstance(cause, ParamValidationError):
            return Failure("model_refused")
        if isinstance(cause, BotoCoreError | HTTPError):
            return Failure("model_unavailable")
    return None


def _explained(error: Exception) -> Failure:
    """The failure that this is. boto3 and urllib3 raise whatever their parsers do when what comes is not Bedrock's."""
    if told := told_failure(error):
        return told
    explained = failure(error) or Failure("model_unavailable")
    explained.__cause__ = error
    return explained


def _client_failure(error: ClientError) -> Failure:
    """A gateway may give nothing but a status, and a stream nothing but a code."""
    code, text = (str(error.response.get("Error", {}).get(name, "")) for name in ("Code", "Message"))
    code = code[:1].upper() + code[1:]
    metadata = error.response.get("ResponseMetadata", {})
    headers = metadata.get("HTTPHeaders", {})
    if code in FAILURES:
        return Failure(FAILURES[code], retry_after=retry_after(headers))
    if isinstance(error, EventStreamError) and code != "ValidationException":
        return Failure("model_error")
    return status_failure(metadata.get("HTTPStatusCode", 400), text, headers)
