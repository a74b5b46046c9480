"""What an agent says while it works: the same few parts from every framework.

`agent.py` translates its framework's stream into these; `events.py` turns them into AG-UI events.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer, as the model produced it."""

    delta: str


@dataclass(frozen=True, slots=True)
class ToolCallStart:
    """The model began to call a tool; its arguments follow."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallArguments:
    """A piece of a tool call's arguments: JSON text, complete once every piece is joined."""

    id: str
    delta: str


@dataclass(frozen=True, slots=True)
class ToolCallEnd:
    """The arguments are complete; the tool is about to run."""

    id: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the tool returned, as the model will read it."""

    id: str
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one model call. A turn with tools makes several calls; they add up."""

    input_tokens: int
    output_tokens: int


Part = Text | ToolCallStart | ToolCallArguments | ToolCallEnd | ToolResult | Usage
