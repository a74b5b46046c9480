"""Web pages as a browser shows them: AgentCore's browser, led over the Chrome DevTools Protocol.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/browser-tool.html
https://chromedevtools.github.io/devtools-protocol/
"""

import itertools
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.sync.connection import Connection

logger = logging.getLogger(__name__)

BROWSER = "aws.browser.v1"  # AWS's own; `BROWSER_ID` names another
SESSION_SECONDS = 120
CONNECT_SECONDS = 20.0
PAGE_SECONDS = 20.0
MAX_URL_CHARACTERS = 2000
MAX_MESSAGE_BYTES = 4_000_000
CONTENT = "`${document.title}\\n${location.href}\\n\\n${document.body?.innerText ?? ''}`.slice(0, 200000)"


def read_web_page(url: str) -> str:
    """Open a web page in a browser, and get its title, its address and its visible text.

    Args:
        url: The address, beginning with https:// or http://.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or len(url) > MAX_URL_CHARACTERS:
        raise ValueError(f"Give an address such as https://example.com, of {MAX_URL_CHARACTERS} characters at most.")
    try:
        with _session() as endpoint, _connected(endpoint) as connection:
            return Page(connection).read(url)
    except (BotoCoreError, ClientError, WebSocketException, OSError) as error:
        logger.error("the browser failed: %s", error)
        raise ValueError("The browser cannot be reached, or it gave up.") from error


@contextmanager
def _session() -> Iterator[str]:
    """The address where a browser is led, started for one call: callers must not find what others left there."""
    browser = os.environ.get("BROWSER_ID", BROWSER)
    started = _client().start_browser_session(browserIdentifier=browser, sessionTimeoutSeconds=SESSION_SECONDS)
    try:
        yield started["streams"]["automationStream"]["streamEndpoint"]
    finally:
        with suppress(BotoCoreError, ClientError):  # it ends by itself too
            _client().stop_browser_session(browserIdentifier=browser, sessionId=started["sessionId"])


def _connected(endpoint: str) -> ClientConnection:
    headers = _signed(endpoint)
    return connect(
        endpoint, additional_headers=headers, open_timeout=CONNECT_SECONDS, max_size=MAX_MESSAGE_BYTES, proxy=None
    )


def _signed(endpoint: str) -> dict[str, str]:
    """The headers that show whose request it is."""
    request = AWSRequest("GET", endpoint.replace("ws", "http", 1), headers={"host": urlsplit(endpoint).netloc})
    SigV4Auth(boto3.Session().get_credentials(), "bedrock-agentcore", _region()).add_auth(request)
    return {name: value for name, value in request.headers.items() if name.lower() != "host"}


class Page:
    """A page of the browser, led by commands; whatever else the browser tells meanwhile is passed over."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._deadline = time.monotonic() + PAGE_SECONDS
        target = self._command("Target.createTarget", url="about:blank")["targetId"]
        self._target = self._command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def read(self, url: str) -> str:
        """Open the address, wait until nothing more is loaded, and give the text."""
        self._command("Page.enable")
        self._command("Page.setLifecycleEventsEnabled", enabled=True)
        opened = self._command("Page.navigate", url=url)
        if problem := opened.get("errorText"):
            raise ValueError(f"The page cannot be opened: {problem}.")
        with suppress(TimeoutError):  # a page that never rests is read as it is
            while not _is_idle(self._message(), opened.get("loaderId")):
                pass
        self._deadline = time.monotonic() + PAGE_SECONDS
        return str(self._command("Runtime.evaluate", expression=CONTENT, returnByValue=True)["result"].get("value", ""))

    def _command(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        target = {"sessionId": self._target} if hasattr(self, "_target") else {}
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters} | target))
        while (answer := self._message()).get("id") != number:
            pass
        if "error" in answer:
            raise OSError(f"{method}: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    def _message(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._connection.recv(max(self._deadline - time.monotonic(), 0)))
        return message


def _is_idle(message: dict[str, Any], loader: str | None) -> bool:
    event: dict[str, str] = message.get("params", {})
    return event.get("name") == "networkIdle" and event.get("loaderId") == loader


def _region() -> str:
    return os.environ.get("AWS_REGION", "{{ region }}")


@cache
def _client() -> Any:
    config = Config(connect_timeout=5, read_timeout=CONNECT_SECONDS, retries={"total_max_attempts": 1})
    return boto3.client("bedrock-agentcore", region_name=_region(), config=config)
