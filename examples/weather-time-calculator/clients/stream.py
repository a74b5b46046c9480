"""The agent's runs as AG-UI events over HTTP: what every Python client here is built on.

```python
run = Run("http://127.0.0.1:8080", new_session(), prompt="What can you do?")
async with aclosing(events(run)) as told:
    async for event in told:
        print(event["type"])
```
"""

import asyncio
import json
import os
import random
import re
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

Json = dict[str, Any]

SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
SILENCE = 120.0  # seconds without a byte: AgentCore may take 60 to start an agent, whose heartbeats come every 15
PATIENCE = 60.0  # seconds in which a run whose connection is lost must be reached again
LONGEST_PAUSE = 2.0  # seconds between two attempts
PASSING = {"unreachable", "silent", "connection_lost", "http_429", "http_502", "http_503", "http_504"}
WEB = re.compile(r"https?://[\w.:\[\]-]+([/?#][\w.~:/?#\[\]@!$&'()*+,;=%-]*)?", re.ASCII)
"""An address that can be read: no user's name, white space or look-alike letter hides where it leads."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class AgentError(Exception):
    """A turn that failed: a stable `code`, a message for the person who asked, and what else the agent told with it."""

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = details or {}


def new_session() -> str:
    """A session id as AgentCore wants it: 33 to 100 characters, here 36."""
    return str(uuid4())


def asked(message: str | None, metadata: Mapping[str, Any] | None) -> tuple[str, str]:
    """What an interrupt asks of a person, and the page to open for it: its whole address, if it is one of the web."""
    text, page = message or "The agent asks.", str((metadata or {}).get("authorizationUrl", ""))
    if page and not WEB.fullmatch(page):
        return f"{text} (This address is not one of the web: do not open it.)", ""
    return text.removesuffix(page).rstrip() if page else text, page


def local() -> str:
    """The address of the agent that `serve` runs on this machine: on the port PORT, or 8080."""
    return f"http://127.0.0.1:{os.environ.get('PORT') or 8080}/invocations"


def address(url: str) -> str:
    """Where to ask: `serve` prints the agent's base address, below which it is."""
    return f"{url.rstrip('/')}/invocations" if urlsplit(url).path in ("", "/") else url


class Run:
    """One run as its reader sees it: what to ask next, and what to make of what comes. It sends nothing itself.

    It runs in the background, so that a lost connection does not end it: it is followed from where it was read to.
    """

    def __init__(
        self,
        url: str,
        session: str,
        *,
        prompt: str | None = None,
        instead_of: str | None = None,
        resume: Sequence[Mapping[str, Any]] = (),
        follow: str | None = None,
    ) -> None:
        """A question, in place of a message if `instead_of` names it; answers to interrupts; or a run to `follow`."""
        self.url = address(url)
        self.session = session
        self.id = follow or str(uuid4())
        self.ended = False
        question = {"id": instead_of or str(uuid4()), "role": "user", "content": prompt}
        self._question = [] if prompt is None else [question]
        self._input = run_input(session, self.id, self._question, resume)
        self._after = 0
        self.is_lost = False
        """Whether its connection is to be made again."""
        self._connected = self._begun = follow is not None
        self._heard = time.monotonic()
        self._pause = 0.05
        self._body = self._go_on() if follow else self._input

    @property
    def request(self) -> Json:
        """What to ask now: the arguments of httpx2's `sse`."""
        return {"url": self.url, "method": "POST", "json": self._body, "headers": self.headers, "max_event_size": None}

    @property
    def headers(self) -> dict[str, str]:
        """Which session is meant."""
        return {SESSION_HEADER: self.session}

    @property
    def cancellation(self) -> Json:
        """What ends the run: the arguments of httpx2's `post`."""
        return {"url": self.url, "json": {"cancel": {"runId": self.id}}, "headers": self.headers, "timeout": 5.0}

    def answered(self, answers: Sequence[Mapping[str, Any]]) -> "Run":
        """The run that goes on with these answers."""
        return Run(self.url, self.session, resume=answers)

    def take(self, message: httpx2.ServerSentEvent) -> Iterator[Json]:
        """The event in a message of the stream, if there is one. Raises `AgentError` for RUN_ERROR."""
        if not message.data:
            return
        event: Json = json.loads(message.data)
        self._heard_of_it()
        self._after = int(message.id or 0)
        self.ended = event["type"] in ("RUN_FINISHED", "RUN_ERROR")
        if event["type"] == "RUN_ERROR":
            raise AgentError(event.get("code", "run_error"), event["message"], event.get("metadata"))
        yield event

    def take_whole(self, response: httpx2.Response, body: bytes) -> Iterator[Json]:
        """The events in an answer that is no stream: there are none, for it refuses the request."""
        raise Refused(refusal(response, body))

    def _heard_of_it(self) -> None:
        self._connected = self._begun = True
        self.is_lost = False
        self._heard, self._pause = time.monotonic(), 0.05

    def failed(self, error: Exception) -> float:
        """Prepare to ask for the rest; gives the seconds to wait before. Raises `AgentError` if nothing will come."""
        told = explain(self.url, error)
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout) and not self._connected:
            raise self._end(told) from error
        self._connected = self.is_lost = True
        if told.code == "no_such_run" and self._is_unheard_of(told):
            self._body, self._pause = self._input, 0.05
        elif told.code in PASSING or told.details.get("runId") == self.id:
            self._body = self._go_on()
        else:
            raise self._end(told if self._is_asking else lost()) from error
        if time.monotonic() - self._heard > PATIENCE:
            raise (told if isinstance(error, Refused) else lost()) from error
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return self._pause * random.uniform(0.5, 1)

    @property
    def _is_asking(self) -> bool:
        return self._body is self._input

    def _go_on(self) -> Json:
        return {"follow": {"runId": self.id, "after": self._after}}

    def _is_unheard_of(self, told: AgentError) -> bool:
        """Whether the agent has never got the question: asked again, it is not answered twice."""
        known = {message.get("id") for message in told.details.get("messages", [])}
        return not self._begun and bool(self._question) and self._question[0]["id"] not in known

    def _end(self, error: AgentError) -> AgentError:
        self.ended = True
        return error


def run_input(session: str, run_id: str, messages: Sequence[Json], resume: Sequence[Mapping[str, Any]]) -> Json:
    """An AG-UI 1.0 `RunAgentInput` with what is new; the agent keeps the conversation."""
    return {
        "threadId": session,
        "runId": run_id,
        "messages": list(messages),
        "resume": list(resume),
        "tools": [],
        "context": [],
        "forwardedProps": {"background": True},
    }


async def events(run: Run, auth: httpx2.Auth | None = None) -> AsyncGenerator[Json]:
    """A run's events, each once and as soon as it arrives, whatever happens to the connection.

    Closing the generator cancels the run.

    Raises:
        AgentError: the agent can't be reached (any more), refuses the request, or reports `RUN_ERROR`. The session can
            be asked again.
    """
    async with httpx2.AsyncClient(auth=auth, **connection(run.url)) as client:
        try:
            while not run.ended:
                try:
                    async with client.sse(**run.request) as source:
                        if not is_stream(source.response):
                            for event in run.take_whole(source.response, await source.response.aread()):
                                yield event
                        else:
                            async for message in source:
                                for event in run.take(message):
                                    yield event
                    broken_off(run)
                except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TypeError, KeyError, Refused) as error:
                    await asyncio.sleep(run.failed(error))
        finally:
            if not run.ended:
                with suppress(httpx2.HTTPError):
                    await client.post(**run.cancellation)


def events_of(response: httpx2.Response) -> list[Json]:
    """The events of an answer that was read to its end."""
    lines = response.text.split("\n")
    return [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]


class Refused(Exception):
    """The agent, or AgentCore before it, did not take a request."""

    def __init__(self, problem: AgentError) -> None:
        super().__init__(str(problem))
        self.problem = problem


def accepted(response: httpx2.Response) -> None:
    """Raise `Refused` unless the response, which is read then, is the answer."""
    if not response.is_success:
        raise Refused(refusal(response, response.read()))


def is_stream(response: httpx2.Response) -> bool:
    """Whether the response is a stream, or says at once what there is to say."""
    return response.is_success and not response.headers.get("content-type", "").startswith("application/json")


def broken_off(run: Run) -> None:
    """Raise an error for a stream that has ended too early."""
    if not run.ended:
        raise httpx2.RemoteProtocolError("the stream ended without RUN_FINISHED")


def connection(url: str) -> Json:
    """How to connect: certificates (50 ms to load) are spared a plain-http address, and the proxy a local one."""
    parts = urlsplit(url)
    timeout = httpx2.Timeout(10.0, read=SILENCE)
    return {"timeout": timeout, "verify": parts.scheme == "https", "trust_env": parts.hostname not in LOOPBACK}


def refusal(response: httpx2.Response, body: bytes) -> AgentError:
    """What the agent, or AgentCore before it, said was wrong."""
    code = response.headers.get("x-amzn-errortype", f"http_{response.status_code}").partition(":")[0]
    try:
        error = json.loads(body)
        return AgentError(error.get("code", code), error["message"], error)
    except (ValueError, TypeError, KeyError, AttributeError):
        return AgentError(code, f"The agent answered HTTP {response.status_code} {response.reason_phrase}.")


@contextmanager
def explained(url: str) -> Iterator[None]:
    """What can go wrong on the way, as an `AgentError`."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TypeError, KeyError, Refused) as error:
        raise explain(url, error) from error


def explain(url: str, error: Exception) -> AgentError:
    """What went wrong on the way, in words that say what to do."""
    match error:
        case Refused():
            return error.problem
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            start = " Start it with `uv run serve --offline`, or give its address with --url."
            hint = start if urlsplit(url).hostname in LOOPBACK else " Is the network up?"
            return AgentError("unreachable", f"No agent answers at {url}.{hint}")
        case httpx2.ReadTimeout():
            return AgentError("silent", f"Nothing came for {SILENCE:.0f} s, not even a heartbeat. Ask again.")
        case httpx2.UnsupportedProtocol() | httpx2.InvalidURL() | httpx2.SSEError():
            return AgentError("not_an_agent", f"{url} is not an agent's address: {error}")
        case httpx2.HTTPError():
            return lost()
        case _:
            return AgentError("not_an_agent", f"{url} sent something that is not an AG-UI event.")


def lost() -> AgentError:
    """The answer cannot be had to its end."""
    text = "The connection broke before the answer was complete. The session is kept: ask again."
    return AgentError("connection_lost", text)
