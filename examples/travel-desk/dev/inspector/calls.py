"""A model call as the inspector keeps it: its tries and the waits between them, its request and its answer."""

import base64
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from travel_desk.errors import Failure
from travel_desk.runs.parts import Usage

from . import pieces
from .whole import whole

Clock = Callable[[], float]
"""The milliseconds since the run began."""


@dataclass
class Try:
    """From when to when, in milliseconds since the run began; and the code and message of its failure."""

    began: float
    ended: float | None = None
    code: str = ""
    message: str = ""


class SeenCall:
    """What was told of one call. `keeps` takes a number of bytes, and says whether there is room for them.

    The thread that reads the model's answer writes; the server's loop reads.
    """

    def __init__(self, number: int, clock: Clock, keeps: Callable[[int], bool]) -> None:
        self._number = number
        self._clock = clock
        self._keeps = keeps
        self._tries: list[Try] = []
        self._first: float | None = None
        self._usage = Usage()
        self._request = ""
        self._events: list[tuple[float, str]] = []
        self._left_out = 0

    def note(self, what: str, told: Any) -> None:
        """What happens in the call: `Notes` of `provider/calls.py`."""
        match what:
            case "sent":
                self._sent(told)
            case "begun":
                self._first = self._clock()
            case "received":
                self._received(told)
            case "used":
                self._usage += told
            case "failed":
                self._failed(told)
            case "ended":
                self._ended()

    def _sent(self, request: bytes | dict[str, Any]) -> None:
        """A try begins; those before it are kept, but for what they were answered."""
        self._tries.append(Try(self._clock()))
        self._events, self._first = [], None
        text = _json(request)
        if text != self._request:
            self._request = text if self._keeps(len(text)) else ""

    def _received(self, event: Any) -> None:
        """An event of the answer: kept as it is now, for it may be changed on its way."""
        text = _json(event)
        if self._keeps(len(text)):
            self._events.append((self._clock(), text))
        else:
            self._left_out += 1

    def _failed(self, failure: Failure) -> None:
        self._ended()
        for last in self._tries[-1:]:
            last.code, last.message = failure.code, _why(failure)

    def _ended(self) -> None:
        """The newest try has ended, unless it had before."""
        for last in self._tries[-1:]:
            last.ended = last.ended or self._clock()

    def waits(self) -> list[dict[str, Any]]:
        """Between two tries."""
        return [
            {"kind": "wait", "name": "try again", "began": before.ended, "ended": after.began}
            for before, after in pairwise(self._tries)
        ]

    def told(self) -> dict[str, Any]:
        """All of it, as JSON."""
        tries = list(self._tries)
        last = tries[-1] if tries else Try(0)
        events = [(at, json.loads(text)) for at, text in list(self._events)]
        shown = pieces.without_secrets([event for _, event in events])
        return {
            "kind": "model",
            "name": f"model call {self._number}",
            "began": tries[0].began if tries else 0,
            "ended": last.ended,
            "firstMs": round(self._first - last.began) if self._first is not None else None,
            "usage": asdict(self._usage),
            "code": last.code,
            "message": last.message,
            "tries": [asdict(each) for each in tries],
            "request": _parsed(self._request),
            "answer": _assembled([event for _, event in events]),
            "response": [{"ms": at, "event": event} for (at, _), event in zip(events, shown, strict=True)],
            "leftOut": self._left_out,
        }


def _why(failure: Failure) -> str:
    """What callers are told, and what the provider said, which they are not."""
    cause = failure.__cause__
    return f"{failure.message}\n{type(cause).__name__}: {cause}"[:4000] if cause else failure.message


def _json(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else json.dumps(value, default=_readable)


def _readable(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes | bytearray) else str(value)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _assembled(events: list[Any]) -> Any:
    """The answer in one piece; nothing where the events are not the provider's."""
    try:
        return whole(event for event in events if isinstance(event, dict))
    except (KeyError, TypeError, AttributeError, ValueError):
        return []
