"""A conversation and a reply, in no provider's form: `wire.py` translates."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Call:
    """One tool call of the model."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Message:
    """One message of the history. `results` maps a call's id to what the tool returned."""

    role: Literal["user", "assistant"]
    text: str = ""
    calls: list[Call] = field(default_factory=list)
    results: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversation:
    """What a model call brings: the history, and the names of the tools that may be called."""

    messages: list[Message]
    tools: list[str]


@dataclass(frozen=True)
class Reply:
    """What the model says: text, then tool calls, if any."""

    text: str
    calls: list[Call] = field(default_factory=list)
