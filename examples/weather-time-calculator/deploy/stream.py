"""The agent's stream: AG-UI events out of the bytes of an answer, each as soon as it is complete."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from urllib3.exceptions import HTTPError

from .errors import DeployError

LOG = "The log may say why: `uv run logs`."


def events(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The events; comments, which only keep the connection open, are left out.

    Raises `DeployError` for RUN_ERROR, and when the stream breaks or ends before RUN_FINISHED.
    """
    for line in _lines(chunks):
        if line.startswith(b"data: "):
            event = json.loads(line[6:])
            if event["type"] == "RUN_ERROR":
                raise DeployError(f"{event['message']} ({event.get('code')})", LOG)
            yield event
            if event["type"] == "RUN_FINISHED":
                return
    raise DeployError("The answer ended before it was complete.", LOG)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    try:
        for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
    except HTTPError as error:
        raise DeployError(f"The connection to the agent broke: {error}.", LOG) from error
