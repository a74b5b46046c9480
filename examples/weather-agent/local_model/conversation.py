"""A conversation and a reply, in no provider's form: `wire.py` translates."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Call:
    """One tool call of the model. `written` is its JSON text as it streams, where that is more than `arguments` say."""

    id: str
    name: str
    arguments: Any = field(default_factory=dict)
    written: tuple[str, ...] | None = None

    @property
    def pieces(self) -> Iterator[str]:
        """Its JSON text as the model streams it."""
        text = json.dumps(self.arguments, ensure_ascii=False)
        whole = (text[position : position + 8] for position in range(0, len(text), 8))
        yield from whole if self.written is None else self.written


@dataclass(frozen=True)
class Text:
    """What the model says, in the pieces that it streams. A lone surrogate is half of a character cut in two.

    `refuses` sets a refusal apart where the wire has a field for it.
    """

    pieces: tuple[str, ...]
    refuses: bool = False


@dataclass(frozen=True)
class Thoughts:
    """What the model thinks; `hidden` thoughts are encrypted. Only `signed` ones are taken back."""

    pieces: tuple[str, ...]
    signed: bool = True
    hidden: bool = False


Block = Text | Thoughts | Call


@dataclass(frozen=True)
class File:
    """An image or a document in a message."""

    media_type: str
    data: bytes


@dataclass(frozen=True)
class Message:
    """One message of the history. `results` maps a call's id to what the tool returned."""

    role: Literal["user", "assistant"]
    text: str = ""
    files: list[File] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    results: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversation:
    """What a model call brings: the history, the tools with their schemas, and whether to reason aloud.

    `blocked` is what a guardrail says to it in the place of the model.
    """

    messages: list[Message]
    tools: Mapping[str, Any]
    reasons: bool = False
    blocked: "Reply | None" = None

    @property
    def characters(self) -> int:
        """How much there is to read, without files."""
        return sum(len(f"{message.text}{message.calls}{message.results}") for message in self.messages)


@dataclass(frozen=True)
class Reply:
    """What the model says, block by block, and how it ends.

    `stop` is the wire's own word for why it ends, None the one that fits; `details` are further fields of the event
    that says so. `usage` tells what of the tokens is told. With `interleaved`, calls that stand in a row stream at
    the same time.
    """

    blocks: tuple[Block, ...]
    stop: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    usage: Literal["whole", "no total", "none"] = "whole"
    interleaved: bool = False

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(piece for block in self.blocks if isinstance(block, Text) for piece in block.pieces)

    @property
    def thoughts(self) -> str:
        """What it thinks aloud."""
        thoughts = [block for block in self.blocks if isinstance(block, Thoughts) and not block.hidden]
        return "".join(piece for block in thoughts for piece in block.pieces)

    @property
    def calls(self) -> list[Call]:
        """What it calls."""
        return [block for block in self.blocks if isinstance(block, Call)]

    def streamed(self, frames: Callable[[int, Block], Iterator[bytes]]) -> Iterator[bytes]:
        """The frames of each block, which `frames` makes of its number and itself, in the order of the stream."""
        for is_call, row in itertools.groupby(enumerate(self.blocks), key=lambda item: isinstance(item[1], Call)):
            streams = [frames(index, block) for index, block in row]
            if is_call and self.interleaved:
                yield from (frame for turn in itertools.zip_longest(*streams) for frame in turn if frame)
            else:
                yield from itertools.chain.from_iterable(streams)


def words(text: str) -> tuple[str, ...]:
    """The text as a model streams it: word by word."""
    lines = [line.split(" ") for line in text.splitlines(keepends=True)]
    return tuple(piece for first, *others in lines for piece in (first, *(f" {word}" for word in others)))
