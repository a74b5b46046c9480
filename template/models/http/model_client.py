"""The client that calls the model: it retries temporary failures, ends with the run, and explains failures."""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import {{ httpx }}
from tenacity import AsyncRetrying, retry_if_exception, stop_before_delay

from ..errors import Failure
from ..settings import Settings
from .calls import ModelCall, ModelCalls, current_calls, wait
from .failures import BrokenAnswer, ModelStopped, is_passing, status_failure, told_failure
from .options import check, model_of, of_model, with_options
from .stream import Answer

logger = logging.getLogger(__name__)


class ModelStream(httpx.AsyncByteStream):
    """The events of one answer, as the SDK and the framework on it read them. Raises `Failure` for every error.

    Any thread may close it while a task reads.
    """

    def __init__(self, response: httpx.Response, call: ModelCall) -> None:
        self._response = response
        self._call = call
        self._answer = Answer(call.run.call_ids)
        self._events = self._read()
        self._first: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    async def begin(self) -> None:
        """Read until the answer has begun. A call that fails before can be made again, as nothing was handed on."""
        async for event in self._events:
            self._first.append(event)
            if self._answer.begun:
                break
        self._call.note("begun", None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Each event."""
        for event in self._first:
            yield event
        try:
            async for event in self._events:
                yield event
        except Exception as error:
            failure = _explained(error)
            self._call.note("failed", failure)
            self._call.run.failed(failure)
            raise failure from failure.__cause__
        finally:
            self._call.note("ended", None)

    async def _read(self) -> AsyncGenerator[bytes]:
        events = _data(self._response.aiter_bytes())
        try:
            async for data in events:
                if data == b"[DONE]":
                    self._answer.whole = True
                    break
                event = json.loads(data)
                self._call.note("received", event)
                for told in self._answer.add(event):
                    # Some SDKs take U+2028 for the end of a line.
                    yield _event(told, data if told is event and data.isascii() else json.dumps(told).encode())
        except Exception:
            if not self._answer.whole:
                raise
            logger.warning("the stream broke after the answer", exc_info=True)
        finally:
            self._call.used(self._answer.usage)
        if not self._answer.whole:
            raise BrokenAnswer("the stream ended before the answer did")
        for told in self._answer.end():
            yield _event(told, json.dumps(told).encode())
        with suppress(Exception):  # a connection is used again once it was read to its end
            async with asyncio.timeout(1):
                async for _ in events:
                    pass

    async def aclose(self) -> None:
        """End the call, and free its connection."""
        await self._response.aclose()

    def close(self) -> None:
        """The same, from any thread."""
        with suppress(RuntimeError):  # the loop has ended, and its connections with it
            self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self.aclose()))


def _event(event: dict[str, Any], data: bytes) -> bytes:
    """One Server-Sent Event; its name, where a provider gives it one, is its type."""
    name = b"event: " + event["type"].encode() + b"\n" if "type" in event else b""
    return name + b"data: " + data + b"\n\n"


async def _data(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What each event holds, in a line: https://html.spec.whatwg.org/multipage/server-sent-events.html."""
    rest, data = b"", list[bytes]()
    async for chunk in _terminated(chunks):
        lines = (rest + chunk).splitlines(keepends=True)
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        for line in lines:
            field, _, value = line.rstrip(b"\r\n").partition(b":")
            if field == b"data":
                data.append(value.strip())
            elif not line.strip(b"\r\n") and data:
                yield b" ".join(data)
                data.clear()


async def _terminated(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        if chunk:
            yield chunk
    yield b"\n\n"


class Pending:
    """A call that has no response yet. Closing it, from any thread, ends the wait."""

    def __init__(self, response: Coroutine[Any, Any, httpx.Response]) -> None:
        self.response = asyncio.create_task(response)
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Give it up."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.response.cancel)


class ModelClient(httpx.AsyncClient):
    """Calls the model. It retries what passes by itself, within the run's deadline and before the answer begins.

    The retries of the provider's SDK must be off: they would outlast every deadline. Raises `BadSetting` for
    what the provider does not have.
    """

    sign: Callable[[httpx.Request], Awaitable[None]] | None = None
    """Signs a request anew, where the SDK signs its requests."""

    def __init__(self, settings: Settings) -> None:
        check(settings)
        self._settings = settings
        timeout = httpx.Timeout(settings.model_read_seconds, connect=10)
        super().__init__(timeout=timeout, limits=httpx.Limits(max_connections=settings.max_runs))

    def build_request(self, *args: Any, **options: Any) -> httpx.Request:
        """A request of the SDK, with what the settings add: some SDKs sign it next."""
        request = super().build_request(*args, **options)
        if "json" not in request.headers.get("content-type", ""):
            return request
        body = json.loads(request.content)
        changed = with_options(body, self._settings)
        return request if changed == body else _with_body(request, str(request.url), changed)

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """The response; a stream of events belongs to the run that asked for it."""
        _clients[asyncio.get_running_loop()].add(self)
        request.extensions["timeout"] = self.timeout.as_dict()  # SDKs have their own, or none at all
        call = current_calls().begin()
        pending = Pending(_retrying(call.run)(self._asked, request, options, call))
        call.run.add(pending)
        try:
            return await pending.response
        except Failure as failure:
            call.note("ended", None)
            call.run.failed(failure)
            raise
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            raise Failure("model_unavailable") from None  # it is the run that has ended, not who works for it

    async def _asked(self, request: httpx.Request, options: dict[str, Any], call: ModelCall) -> httpx.Response:
        """The model's answer, or the fallback's where the model is busy or fails before its answer begins."""
        url, body = str(request.url), json.loads(await request.aread() or "{}")
        call.model, fallback = model_of(url, body), self._settings.fallback_model_id
        try:
            return await self._answer(request, options, call)
        except Failure as failure:
            asked_first = call.model == self._settings.model_id
            if not (fallback and asked_first and is_passing(failure)) or call.run.closed.is_set():
                raise
            logger.warning("the model %s failed (%s): the fallback is asked", call.model, failure.code)
        call.model = fallback
        request = await self._renewed(request, *of_model(url, body, fallback))
        response = await self._answer(request, options, call)
        call.run.fell_back()
        return response

    async def _renewed(self, request: httpx.Request, url: str, body: dict[str, Any]) -> httpx.Request:
        """The request with another body, at another address."""
        renewed = _with_body(request, url, body)
        if self.sign:
            renewed.headers.pop("authorization", None)
            await self.sign(renewed)
        return renewed

    async def _answer(self, request: httpx.Request, options: dict[str, Any], call: ModelCall) -> httpx.Response:
        try:
            call.note("sent", await request.aread())
            response = await super().send(request, **options)
            if not response.is_success:
                raise await _refusal(response)
            return await _streamed(response, call) if options.get("stream") else _whole(response, call)
        except Exception as error:
            failure = _explained(error)
            call.note("failed", failure)
            raise failure from failure.__cause__


def _with_body(request: httpx.Request, url: str, body: dict[str, Any]) -> httpx.Request:
    headers = {name: value for name, value in request.headers.items() if name != "content-length"}
    content = json.dumps(body).encode()
    return httpx.Request(request.method, url, headers=headers, content=content, extensions=request.extensions)


async def _refusal(response: httpx.Response) -> Exception:
    """Why there is no answer, for the log too."""
    text = (await response.aread()).decode(errors="replace")
    failure = status_failure(response.status_code, text, response.headers)
    failure.__cause__ = ModelStopped(f"HTTP {response.status_code}: {text[:2000]}")
    return failure


def _whole(response: httpx.Response, call: ModelCall) -> httpx.Response:
    """A response that is no stream."""
    call.note("received", response.text)
    call.note("ended", None)
    return response


async def _streamed(response: httpx.Response, call: ModelCall) -> httpx.Response:
    """The response, once the answer has begun."""
    stream = ModelStream(response, call)
    call.run.add(stream)
    try:
        await stream.begin()
    except BaseException:
        await stream.aclose()
        raise
    headers = {name: value for name, value in response.headers.items() if name != "content-encoding"}  # it is decoded
    return httpx.Response(
        response.status_code,
        headers=headers,
        stream=stream,
        request=response.request,
        extensions=response.extensions,
    )


def _retrying(calls: ModelCalls) -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception(is_passing), stop=stop_before_delay(calls.retry_seconds), wait=wait, reraise=True
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


def _explained(error: Exception) -> Failure:
    """The failure that this is. What comes may be anything but what the provider sends."""
    if told := told_failure(error):
        return told
    explained = Failure("model_unavailable")
    explained.__cause__ = error
    return explained
