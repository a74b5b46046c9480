"""An answer of Anthropic's messages as every framework can read it; one that is not whole is a failure.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from jiter import from_json

from ..errors import Failure
from ..runs.parts import Usage
from .answer import CallIds, Pieces, check_arguments, tool_name
from .failures import ModelStopped, status_failure

Event = dict[str, Any]

# https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
WHOLE = {"end_turn", "tool_use", "stop_sequence"}
FAILURES = {
    "max_tokens": "answer_too_long",
    "model_context_window_exceeded": "context_too_long",
    "refusal": "refused",
}
# https://platform.claude.com/docs/en/api/errors
STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
# The deltas that are text, by the field that it is in.
TEXTS = {"text_delta": "text", "input_json_delta": "partial_json", "thinking_delta": "thinking"}
KINDS = {"text": "text_delta", "tool_use": "input_json_delta", "thinking": "thinking_delta"}
NO_TOKENS = {"input_tokens": 0, "output_tokens": 0}
# What Anthropic takes back as an id.
ID_CHARACTERS = "a-zA-Z0-9_-"


class Block:
    """A content block while its pieces come. It is told of once there is something in it, and then has its `place`."""

    def __init__(self, start: Event, places: Iterator[int]) -> None:
        self.kind = start["type"]
        self.pieces = Pieces(blank=self.kind == "thinking")
        self._start: Event | None = start
        self._places = places
        self._place = 0
        self._signature = ""

    def add(self, delta: Event) -> Iterator[Event]:
        """What this delta adds. A signature waits until it is whole."""
        kind = delta["type"]
        if kind == "signature_delta":
            self._signature += delta["signature"]
        elif kind in TEXTS:
            yield from self._tell(kind, self.pieces.add(delta[TEXTS[kind]]))
        else:
            yield from self._delta(delta)

    def end(self) -> Iterator[Event]:
        """What was held back, and the end of the block, if there is anything in it. A call has arguments: `{}`."""
        rest = self.pieces.end()
        if self.kind in KINDS:
            is_empty = self.kind == "tool_use" and not self.pieces.text
            yield from self._tell(KINDS[self.kind], self.pieces.add("{}") if is_empty else rest)
        if self._signature:
            yield from self._delta({"type": "signature_delta", "signature": self._signature})
        if self.kind != "text":
            yield from self.start()
        if self._start is None:
            yield {"type": "content_block_stop", "index": self._place}

    def start(self) -> Iterator[Event]:
        """Its begin, unless it was told already."""
        if self._start is not None:
            start, self._start, self._place = self._start, None, next(self._places)
            yield {"type": "content_block_start", "index": self._place, "content_block": start}

    def _tell(self, kind: str, text: str) -> Iterator[Event]:
        if kind == "input_json_delta":
            _check_so_far(self.pieces.text)
        if text:
            yield from self._delta({"type": kind, TEXTS[kind]: text})

    def _delta(self, delta: Event) -> Iterator[Event]:
        yield from self.start()
        yield {"type": "content_block_delta", "index": self._place, "delta": delta}


class Answer:
    """The answer to one request: its blocks come one after the other, its ids are new, and it ends as a whole.

    `begun`: a part of it was told. `whole`: nothing more is to come but its end.
    """

    def __init__(self, call_ids: set[str]) -> None:
        self.begun = self.whole = False
        self._ids = CallIds(call_ids, ID_CHARACTERS)
        self._places = itertools.count()
        self._open: int | None = None
        self._blocks: list[Block] = []
        self._waiting: list[Event] = []
        self._delta: Event = {}
        self._tokens: dict[str, Any] = {}

    @property
    def usage(self) -> Usage:
        """The tokens so far. Anthropic counts those of its cache beside the input's."""
        cached, written = (self._tokens.get(f"cache_{name}_input_tokens") for name in ("read", "creation"))
        return Usage(
            self._tokens.get("input_tokens", 0) + (cached or 0) + (written or 0),
            self._tokens.get("output_tokens", 0),
            cached,
            written,
            self._tokens.get("output_tokens_details", {}).get("thinking_tokens"),
        )

    def add(self, event: Event) -> Iterator[Event]:
        """What of this event can be told now: itself, if all of it can."""
        match event["type"]:
            case "message_start":
                self._count(event["message"].get("usage"))
                yield {**event, "message": {**event["message"], "usage": NO_TOKENS | self._tokens}}
            case "content_block_start" | "content_block_delta" | "content_block_stop":
                yield from self._in_turn(event)
            case "message_delta":
                self._count(event.get("usage"))
                self._delta, self.whole = {**self._delta, **event["delta"]}, True
            case "error":
                raise _error(event["error"])

    def end(self) -> Iterator[Event]:
        """The rest, which says whether there are calls to make; or the failure that the answer is."""
        reason = str(self._delta.get("stop_reason"))
        if reason not in WHOLE:
            own = (self._delta.get("stop_details") or {}).get("explanation") or ""
            raise Failure(FAILURES.get(reason, "model_stopped"), own) from ModelStopped(reason)
        while self._open is not None:
            yield from self._in_turn({"type": "content_block_stop", "index": self._open})
        calls = [block for block in self._blocks if block.kind == "tool_use"]
        for call in calls:
            check_arguments(call.pieces.text)
        delta = {**self._delta, "stop_reason": "tool_use" if calls else "end_turn"}
        yield {"type": "message_delta", "delta": delta, "usage": NO_TOKENS | self._tokens}
        yield {"type": "message_stop"}

    def _in_turn(self, event: Event) -> Iterator[Event]:
        """The events of one block; those of blocks that began before it ended wait for that."""
        if self._open not in {None, event["index"]}:
            self._waiting.append(event)
            return
        self._open = event["index"]
        for told in self._of_block(event):
            self.begun = True
            yield event if told == event else told
        if event["type"] == "content_block_stop":
            self._open = None
            waiting, self._waiting = self._waiting, []
            for later in waiting:
                yield from self._in_turn(later)

    def _of_block(self, event: Event) -> Iterator[Event]:
        match event:
            case {"type": "content_block_start", "content_block": start}:
                yield from self._start(start)
            case {"type": "content_block_delta", "delta": delta}:
                yield from self._blocks[-1].add(delta)
            case {"type": "content_block_stop"}:
                yield from self._blocks[-1].end()

    def _start(self, start: Event) -> Iterator[Event]:
        """The begin of a block. What is in it already comes as a delta, as it does from Anthropic."""
        match start:
            case {"type": "tool_use", "id": call_id, "name": name}:
                arguments = json.dumps(start["input"]) if start.get("input") else ""
                call = {"id": self._ids.unique(call_id), "name": tool_name(name), "input": {}}
                self._blocks.append(Block(start | call, self._places))
                yield from self._blocks[-1].start()
                yield from self._blocks[-1].add({"type": "input_json_delta", "partial_json": arguments})
            case {"type": "text", "text": text}:
                self._blocks.append(Block(start | {"text": ""}, self._places))
                yield from self._blocks[-1].add({"type": "text_delta", "text": text})
            case _:
                self._blocks.append(Block(start, self._places))

    def _count(self, usage: dict[str, Any] | None) -> None:
        """What a later event counts stands for what an earlier one did."""
        self._tokens |= {name: count for name, count in (usage or {}).items() if count is not None}


def _check_so_far(arguments: str) -> None:
    """Nothing, unless this is no JSON object, whatever follows: the SDK reads half of one too, and fails at others."""
    try:
        so_far = from_json(arguments.encode(), partial_mode=True) if arguments else {}
    except ValueError as error:
        raise Failure("malformed_answer") from error
    if not isinstance(so_far, dict):
        raise Failure("malformed_answer")


def _error(error: Event) -> Exception:
    """What an error within the stream means: as the response that it would have been before."""
    failure = status_failure(STATUSES.get(error["type"], 424), error.get("message", ""))
    failure.__cause__ = ModelStopped(json.dumps(error))
    return failure
