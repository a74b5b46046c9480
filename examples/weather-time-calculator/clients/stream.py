"""One turn of the agent as AG-UI events over HTTP: what every Python client here is built on.

```python
async with aclosing(events("http://127.0.0.1:8080/invocations", "What can you do?", new_session())) as turn:
    async for event in turn:
        print(event["type"])
```
"""

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
SILENCE = 120.0  # seconds without a byte: AgentCore may take 60 to start an agent, whose heartbeats come every 15
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class AgentError(Exception):
    """A turn that failed: a stable `code`, and a message for the person who asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def new_session() -> str:
    """A session id as AgentCore wants it: 33 to 100 characters, here 36."""
    return str(uuid4())


async def events(
    url: str, prompt: str, session: str, auth: httpx2.Auth | None = None
) -> AsyncGenerator[dict[str, Any]]:
    """The AG-UI events of one turn, each as soon as it arrives; closing the generator cancels the turn.

    Raises:
        AgentError: the agent can't be reached, refuses the request, reports `RUN_ERROR`, falls silent, or the
            connection breaks before `RUN_FINISHED`. The session can be asked again.
    """
    async with httpx2.AsyncClient(auth=auth, **connection(url)) as client:
        with explained(url):
            async with client.sse(url, **request(prompt, session)) as source:
                if not source.response.is_success:
                    raise refusal(source.response, await source.response.aread())
                async for message in source:
                    event = parsed(message)
                    yield event
                    if event["type"] == "RUN_FINISHED":
                        return
            raise httpx2.RemoteProtocolError("the stream ended without RUN_FINISHED")


def request_body(prompt: str, thread_id: str) -> dict[str, Any]:
    """What one turn sends. The session travels in the header, not in the body."""
    return {"prompt": prompt}


def request(prompt: str, session: str) -> dict[str, Any]:
    """How one turn is asked for: the arguments of httpx2's `sse` beside the address."""
    return {"method": "POST", "json": request_body(prompt, session), "headers": {SESSION_HEADER: session}}


def connection(url: str) -> dict[str, Any]:
    """How to connect: certificates (50 ms to load) are spared a plain-http address, and the proxy a local one."""
    address = urlsplit(url)
    timeout = httpx2.Timeout(10.0, read=SILENCE)
    return {"timeout": timeout, "verify": address.scheme == "https", "trust_env": address.hostname not in LOOPBACK}


def parsed(message: httpx2.ServerSentEvent) -> dict[str, Any]:
    """The event in a message of the stream. Raises `AgentError` for RUN_ERROR."""
    event: dict[str, Any] = json.loads(message.data)
    if event["type"] == "RUN_ERROR":
        raise AgentError(event.get("code", "run_error"), event["message"])
    return event


def refusal(response: httpx2.Response, body: bytes) -> AgentError:
    """What the agent, or AgentCore before it, said was wrong."""
    code = response.headers.get("x-amzn-errortype", f"http_{response.status_code}").partition(":")[0]
    try:
        error = json.loads(body)
        return AgentError(error.get("code", code), error["message"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return AgentError(code, f"The agent answered HTTP {response.status_code} {response.reason_phrase}.")


@contextmanager
def explained(url: str) -> Iterator[None]:
    """What can go wrong on the way, in words that say what to do."""
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        start = " Start it with `uv run serve --offline`, or give its address with --url."
        text = f"No agent answers at {url}.{start if urlsplit(url).hostname in LOOPBACK else ' Is the network up?'}"
        raise AgentError("unreachable", text) from error
    except httpx2.ReadTimeout as error:
        text = f"Nothing came for {SILENCE:.0f} s, not even a heartbeat, so the turn was given up. Ask again."
        raise AgentError("silent", text) from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.SSEError) as error:
        raise AgentError("not_an_agent", f"{url} is not an agent's address: {error}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise AgentError("not_an_agent", f"{url} sent something that is not an AG-UI event.") from error
    except httpx2.HTTPError as error:
        text = "The connection broke before the answer was complete. The session is kept: ask again."
        raise AgentError("connection_lost", text) from error
