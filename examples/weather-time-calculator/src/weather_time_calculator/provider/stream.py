"""An answer of ConverseStream as every framework can read it; one that is not whole is a failure.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import logging
from collections.abc import Iterator
from typing import Any

from ..errors import Failure
from ..runs.parts import Usage
from .answer import CallIds, Pieces, check_arguments, tool_name
from .calls import ModelCall
from .failures import BrokenAnswer, ModelStopped

logger = logging.getLogger(__name__)

Event = dict[str, Any]

# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_MessageStopEvent.html; `refusal` is Claude's own.
WHOLE = {"end_turn", "tool_use", "stop_sequence"}
FAILURES = {
    "max_tokens": "answer_too_long",
    "model_context_window_exceeded": "context_too_long",
    "malformed_model_output": "malformed_answer",
    "malformed_tool_use": "malformed_answer",
    "content_filtered": "content_filtered",
    "guardrail_intervened": "guardrail_intervened",
    "refusal": "refused",
}

NO_TOKENS = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


class Block:
    """A content block while its pieces come. `kind` is the name of its deltas."""

    def __init__(self, index: int, kind: str) -> None:
        self.index = index
        self.kind = kind
        self.begun = kind == "toolUse"
        self.pieces = Pieces(blank=kind == "reasoningContent")
        self._sealed: dict[str, Any] = {}

    def add(self, delta: Event) -> Iterator[Event]:
        """What this delta adds. A signature, and a thought that only the model reads, wait until they are whole."""
        if (text := _text(delta)) is not None:
            yield from self._tell(self.pieces.add(text))
        elif self.kind == "reasoningContent":
            for name, data in delta[self.kind].items():
                self._sealed[name] = self._sealed.get(name, data[:0]) + data
        else:
            yield self._delta(delta)

    def end(self) -> Iterator[Event]:
        """What was held back, and the end of the block, if there is anything in it. A call has arguments: `{}`."""
        yield from self._tell(self.pieces.end())
        if self.kind == "toolUse" and not self.pieces.text:
            yield from self._tell(self.pieces.add("{}"))
        for name, data in self._sealed.items():
            yield self._delta({self.kind: {name: data}})
        if self.begun:
            yield {"contentBlockStop": {"contentBlockIndex": self.index}}

    def _tell(self, text: str) -> Iterator[Event]:
        if text:
            field = {"toolUse": "input", "reasoningContent": "text"}.get(self.kind)
            yield self._delta({self.kind: {field: text} if field else text})

    def _delta(self, delta: Event) -> Event:
        self.begun = True
        return {"contentBlockDelta": {"contentBlockIndex": self.index, "delta": delta}}


class Answer:
    """The answer to one request: its blocks come one after the other, its ids are new, and it ends as a whole.

    The model's tokens are counted in `call`.
    """

    def __init__(self, call: ModelCall) -> None:
        self._ids = CallIds(call.run.call_ids)
        self._call = call
        self._block: Block | None = None
        self._blocks: list[Block] = []
        self._waiting: list[Event] = []
        self._metadata: Event = {"usage": NO_TOKENS, "metrics": {"latencyMs": 0}}

    def events(self, wire: Iterator[Event]) -> Iterator[Event]:
        """The events that frameworks read, after `messageStart`."""
        for event in wire:
            if "messageStop" in event:
                self._read_metadata(wire)
                yield from self._end(event["messageStop"])
                return
            if "metadata" in event:
                self._count(event["metadata"])
            elif "messageStart" not in event:
                yield from self._in_turn(event)
        raise BrokenAnswer("the stream ended without messageStop")

    def _in_turn(self, event: Event) -> Iterator[Event]:
        """The events of one block; those of blocks that began before it ended wait for that."""
        ((kind, content),) = event.items()
        index = content["contentBlockIndex"]
        if self._block and self._block.index != index:
            self._waiting.append(event)
        elif kind == "contentBlockStart":
            yield from self._start(index, content["start"])
        elif kind == "contentBlockDelta":
            yield from self._add(index, content["delta"])
        elif kind == "contentBlockStop":
            yield from self._end_block()
            waiting, self._waiting = self._waiting, []
            for later in waiting:
                yield from self._in_turn(later)

    def _start(self, index: int, start: Event) -> Iterator[Event]:
        if call := start.get("toolUse"):
            yield from self._begin(Block(index, "toolUse"))
            call |= {"toolUseId": self._ids.unique(call["toolUseId"]), "name": tool_name(call["name"])}
            yield {"contentBlockStart": {"contentBlockIndex": index, "start": start}}

    def _add(self, index: int, delta: Event) -> Iterator[Event]:
        (kind,) = delta
        if kind == "SDK_UNKNOWN_MEMBER":
            return
        if self._block is None or self._block.kind != kind:
            if kind == "toolUse":
                raise BrokenAnswer("arguments of a call that has not begun")
            yield from self._begin(Block(index, kind))
        assert self._block
        yield from self._block.add(delta)

    def _begin(self, block: Block) -> Iterator[Event]:
        yield from self._end_block()
        self._block = block
        self._blocks.append(block)

    def _end_block(self) -> Iterator[Event]:
        if self._block:
            block, self._block = self._block, None
            yield from block.end()

    def _end(self, stop: Event) -> Iterator[Event]:
        """The end of the answer, which says whether there are calls to make; or the failure that it is."""
        reason = stop.get("stopReason") or "none"
        if reason == "guardrail_intervened" and self._masked():
            logger.warning("a guardrail masked parts of the question or the answer")
        elif reason not in WHOLE:
            raise self._failure(reason) from ModelStopped(reason)
        while self._block:
            yield from self._in_turn({"contentBlockStop": {"contentBlockIndex": self._block.index}})
        calls = [block for block in self._blocks if block.kind == "toolUse"]
        for call in calls:
            check_arguments(call.pieces.text)
        yield {"messageStop": {**stop, "stopReason": "tool_use" if calls else "end_turn"}}
        yield {"metadata": self._metadata}

    def _failure(self, reason: str) -> Failure:
        texts = [block.pieces.text for block in self._blocks if block.kind == "text"]
        # Where a guardrail blocks, its own message stands for the answer, or after the part of it that was sent.
        own = texts[-1] if texts and reason == "guardrail_intervened" else ""
        return Failure(FAILURES.get(reason, "model_stopped"), own)

    def _read_metadata(self, wire: Iterator[Event]) -> None:
        """Read what comes after the answer. Should that fail, the answer is whole nevertheless."""
        try:
            for event in wire:
                if "metadata" in event:
                    self._count(event["metadata"])
        except Exception:
            logger.warning("the stream broke after the answer: its tokens are not counted", exc_info=True)

    def _masked(self) -> bool:
        """Whether the guardrail's trace tells of masks and of nothing that it blocked. Without a trace, nobody knows.

        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailTraceAssessment.html
        """
        actions = set(_actions(self._metadata.get("trace", {}).get("guardrail")))
        return "ANONYMIZED" in actions and "BLOCKED" not in actions

    def _count(self, metadata: Event) -> None:
        """Keep the metadata, complete, and count its tokens: Bedrock counts those of its cache beside the input's.

        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
        """
        tokens = {"inputTokens": 0, "outputTokens": 0} | metadata.get("usage", {})
        cached, written = tokens.get("cacheReadInputTokens"), tokens.get("cacheWriteInputTokens")
        read = tokens["inputTokens"] + (cached or 0) + (written or 0)
        tokens.setdefault("totalTokens", read + tokens["outputTokens"])
        self._metadata = {"metrics": {"latencyMs": 0}, **metadata, "usage": tokens}
        self._call.used(Usage(read, tokens["outputTokens"], cached, written))


def _text(delta: Event) -> str | None:
    match delta:
        case {"text": str(text)} | {"toolUse": {"input": str(text)}} | {"reasoningContent": {"text": str(text)}}:
            return text
    return None


def _actions(trace: Any) -> Iterator[str]:
    """Each `action` in a guardrail's assessments, wherever it stands."""
    if isinstance(trace, dict):
        yield str(trace.get("action"))
    for inner in trace.values() if isinstance(trace, dict) else trace if isinstance(trace, list) else ():
        yield from _actions(inner)
