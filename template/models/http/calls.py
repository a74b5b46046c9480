RETRIED = {408, 429, 500, 502, 503, 504, 529}
UNAVAILABLE = ("model_unavailable", "The model did not answer, or the connection to it was lost. Try again.")
BROKEN = ("model_error", "The model failed while it was answering. Try again.")
FAILURES = {
    400: ("model_refused", "The model refused the request. The log has the details."),
    401: ("credentials", "The agent has no valid credentials for the model."),
    403: ("model_access_denied", "The agent may not use this model: check its permissions."),
    404: ("model_not_found", "The model does not exist: check MODEL_ID."),
    429: ("throttled", "The model is busy: too many requests. Try again in a moment."),
}


class TruncatedStream(httpx.RemoteProtocolError):
    """The stream ended before its last event: what came so far is not the whole answer."""


class ModelStream(httpx.AsyncByteStream):
    """The bytes of one model's answer, which must contain `LAST_EVENT`. Any task may close it while another reads."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream
        self._loop = asyncio.get_running_loop()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Each chunk as it comes."""
        complete, seen = False, b""
        async for chunk in self._stream:
            seen = seen[-len(LAST_EVENT) :] + chunk
            complete = complete or LAST_EVENT in seen
            yield chunk
        if not complete:
            raise TruncatedStream("the answer has no end")

    async def aclose(self) -> None:
        """End the call, and free its connection."""
        await self._stream.aclose()

    def close(self) -> None:
        """The same, from any thread."""
        with suppress(RuntimeError):  # the loop has ended, and its connections with it
            self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self.aclose()))


class ModelClient(httpx.AsyncClient):
    """Calls the model. It retries what passes by itself, within the run's deadline and before the first event.

    The retries of the provider's SDK must be off: they would outlast every deadline.
    """

    def __init__(self, settings: Settings) -> None:
        timeout = httpx.Timeout(settings.model_read_seconds, connect=10)
        super().__init__(timeout=timeout, limits=httpx.Limits(max_connections=settings.max_runs))
        self._retry_seconds = settings.throttle_seconds

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """The response; a stream of events belongs to the run that asked for it."""
        _clients[asyncio.get_running_loop()].add(self)
        request.extensions["timeout"] = self.timeout.as_dict()  # SDKs have their own, or none at all
        response: httpx.Response = await self._retrying()(super().send, request, **options)
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = ModelStream(response.stream)
            current_calls().add(response.stream)
        return response

    def _retrying(self) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_result(_is_passing) | retry_if_exception_type((httpx.ConnectError, httpx.ConnectTimeout)),
            stop=stop_before_delay(self._retry_seconds),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            before_sleep=_discard,
            retry_error_callback=_last_outcome,
        )


_clients: dict[asyncio.AbstractEventLoop, set[ModelClient]] = defaultdict(set)


@asynccontextmanager
async def connections() -> AsyncIterator[None]:
    """Connections are kept for the next model call, until the server's loop ends."""
    try:
        yield
    finally:
        for client in _clients.pop(asyncio.get_running_loop(), ()):
            await client.aclose()


def _is_passing(response: httpx.Response) -> bool:
    return response.status_code in RETRIED


async def _discard(state: RetryCallState) -> None:
    if state.outcome and not state.outcome.failed:
        await state.outcome.result().aclose()


def _last_outcome(state: RetryCallState) -> httpx.Response:
    assert state.outcome
    return cast(httpx.Response, state.outcome.result())


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _status_failure(status: int) -> Failure:
    return Failure(*FAILURES.get(status, UNAVAILABLE if status > 500 else BROKEN))
