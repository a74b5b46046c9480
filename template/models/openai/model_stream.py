"""An answer of chat completions as every framework can read it; one that is not whole is a failure.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

import json
from collections.abc import Iterator
from typing import Any

from ..errors import Failure
from ..runs.parts import Usage
from .answer import CallIds, Pieces, check_arguments, tool_name
from .failures import TOO_LONG, ModelStopped, status_failure

Chunk = dict[str, Any]

# What OpenAI says, and servers with its API.
WHOLE = {None, "stop", "tool_calls"}
FAILURES = {
    "length": "answer_too_long",
    "model_length": "context_too_long",
    "content_filter": "content_filtered",
    "error": "model_error",
    "insufficient_system_resource": "model_error",
}
NO_TOKENS = {"prompt_tokens": 0, "completion_tokens": 0}


class Call:
    """A tool call while its pieces come. Nothing is told of it before the first piece of its arguments has come."""

    def __init__(self, index: int, start: Chunk) -> None:
        self._index = index
        self._start: Chunk | None = start
        self._arrived = ""
        self._pieces = Pieces()

    def add(self, arguments: Any) -> None:
        """Take a piece. Some servers send an object."""
        self._arrived += arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""

    @property
    def is_complete(self) -> bool:
        """Whether the arguments are all there."""
        try:
            return isinstance(json.loads(self._pieces.text + self._arrived), dict)
        except ValueError:
            return False

    def told(self) -> Iterator[Chunk]:
        """What has come and was not told."""
        piece, self._arrived = self._pieces.add(self._arrived), ""
        yield from self._delta(piece)

    def end(self) -> Iterator[Chunk]:
        """The rest. A call has arguments: `{}`."""
        yield from self.told()
        yield from self._delta(self._pieces.end() if self._pieces.text else self._pieces.add("{}"))
        check_arguments(self._pieces.text)

    def _delta(self, piece: str) -> Iterator[Chunk]:
        if piece:
            start, self._start = self._start, None
            function = {**(start or {}).get("function", {}), "arguments": piece}
            yield {**(start or {}), "index": self._index, "function": function}


class Answer:
    """The answer to one request: its calls come one after the other, its ids are new, and it ends as a whole.

    `begun`: a part of it was told. `whole`: nothing more is to come but its end.
    """

    def __init__(self, call_ids: set[str]) -> None:
        self.begun = self.whole = False
        self._ids = CallIds(call_ids)
        self._texts = {"content": Pieces(), "reasoning_content": Pieces(blank=True), "reasoning": Pieces(blank=True)}
        self._refusal = ""
        self._calls: list[Call] = []
        self._indexes: dict[Any, tuple[Any, Call]] = {}
        self._telling = 0
        self._reason: str | None = None
        self._chunk: Chunk = {}
        self._tokens: dict[str, Any] = NO_TOKENS

    @property
    def usage(self) -> Usage:
        """The tokens, which are told at the end."""
        read, written = (self._tokens.get(f"{name}_tokens_details") or {} for name in ("prompt", "completion"))
        return Usage(
            self._tokens.get("prompt_tokens") or 0,
            self._tokens.get("completion_tokens") or 0,
            cached_input_tokens=read.get("cached_tokens"),
            reasoning_tokens=written.get("reasoning_tokens"),
        )

    def add(self, chunk: Chunk) -> Iterator[Chunk]:
        """What of this chunk can be told now: itself, if all of it can."""
        if error := chunk.get("error"):
            raise _error(error)
        self._tokens = chunk.get("usage") or self._tokens
        for choice in chunk.get("choices") or []:
            self._chunk = chunk
            delta = choice.get("delta") or {}
            told = self._text(delta)
            if choice.get("finish_reason"):
                self._reason, self.whole = choice["finish_reason"], True
            elif told == choice.get("delta") and choice.get("finish_reason") is None:
                yield chunk
                return
            if any(told.values()):
                yield self._with(told)
            for piece in delta.get("tool_calls") or []:
                self._add_to_call(piece)
            yield from self._tell_calls()

    def end(self) -> Iterator[Chunk]:
        """The rest: what waited, the reason of the end, and the tokens; or the failure that the answer is."""
        if self._refusal:
            raise Failure("refused", self._refusal)
        if self._reason not in WHOLE:
            raise Failure(FAILURES.get(self._reason or "", "model_stopped")) from ModelStopped(self._reason)
        rest = {name: text for name, pieces in self._texts.items() if (text := pieces.end())}
        if rest:
            yield self._with(rest)
        for call in self._calls:
            for piece in call.end():
                yield self._with({"tool_calls": [piece]})
        yield self._with({}, "tool_calls" if self._calls else "stop")
        tokens = NO_TOKENS | self._tokens
        tokens.setdefault("total_tokens", tokens["prompt_tokens"] + tokens["completion_tokens"])
        yield {**self._chunk, "choices": [], "usage": tokens}

    def _text(self, delta: Chunk) -> Chunk:
        """What of the delta can be told now, but for its calls. A refusal is told as the failure that it is."""
        told = {name: value for name, value in delta.items() if name not in {"tool_calls", "refusal"}}
        self._refusal += delta.get("refusal") or ""
        for name, pieces in self._texts.items():
            if told.get(name):
                told[name] = pieces.add(told[name])
                self.begun = self.begun or bool(told[name])
        return told

    def _add_to_call(self, piece: Chunk) -> None:
        """Servers differ: an index may be missing, or the same for every call; an id may come with every piece."""
        index, call_id, function = piece.get("index"), piece.get("id"), piece.get("function") or {}
        known_id, call = self._indexes.get(index, (None, None))
        if call is None or (call_id and function.get("name") and call_id != known_id):
            name = tool_name(function.get("name") or "")
            start = {"id": self._ids.unique(call_id or ""), "type": "function", "function": {"name": name}}
            call = Call(len(self._calls), start)
            self._calls.append(call)
            self._indexes[index] = call_id, call
        call.add(function.get("arguments"))

    def _tell_calls(self) -> Iterator[Chunk]:
        """A call is told when those before it are complete: not every framework can tell several at once apart."""
        while self._calls:
            call = self._calls[self._telling]
            for piece in call.told():
                self.begun = True
                yield self._with({"tool_calls": [piece]})
            if self._telling + 1 == len(self._calls) or not call.is_complete:
                return
            self._telling += 1

    def _with(self, delta: Chunk, reason: str | None = None) -> Chunk:
        return {**self._chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def _error(error: Any) -> Exception:
    """What an error within the stream means: it may have the code of one that has a status."""
    text = json.dumps(error)
    code = str(error.get("code")) if isinstance(error, dict) else ""
    status = int(code) if code.isdigit() else 429 if "rate_limit" in text else 400 if TOO_LONG.search(text) else 424
    failure = status_failure(status, text)
    failure.__cause__ = ModelStopped(text)
    return failure
