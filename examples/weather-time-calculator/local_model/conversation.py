"""A conversation and a reply, in no provider's form: `wire.py` translates."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Call:
    """One tool call of the model."""

    id: str
    name: str
    arguments: dict[str, Any]


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
    """What a model call brings: the history, the names of the tools that may be called, and whether to reason aloud."""

    messages: list[Message]
    tools: list[str]
    reasons: bool = False


@dataclass(frozen=True)
class Reply:
    """What the model says: its thoughts, if it is to reason aloud, then text, then tool calls, if any."""

    text: str
    calls: list[Call] = field(default_factory=list)
    thoughts: str = ""


def pieces(text: str) -> Iterator[str]:
    """The text as a model streams it: word by word."""
    for line in text.splitlines(keepends=True):
        first, *others = line.split(" ")
        yield from (first, *(f" {word}" for word in others))
