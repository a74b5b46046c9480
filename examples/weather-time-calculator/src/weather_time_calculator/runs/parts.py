"""The parts of an agent's answer, the same for every framework.

`agent.py` makes them of its framework's stream; `events.py` turns them into AG-UI events and messages.
"""

from dataclasses import astuple, dataclass

from ..tools.files import File


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of what the model thinks before it answers, where the model tells."""

    delta: str


@dataclass(frozen=True, slots=True)
class ReasoningSignature:
    """Ends a thought: what the provider wants back, unread, when the conversation goes on after a tool call."""

    value: str


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
    """What the tool returned, as the model will read it. Of several results for a call, the first one counts."""

    id: str
    content: str
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that a tool gives to the caller."""

    call_id: str
    file: File


Part = Reasoning | ReasoningSignature | Text | ToolCallStart | ToolCallArguments | ToolCallEnd | ToolResult | GivenFile


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more model calls, as the provider counts them; None: it does not tell.

    `input_tokens` is all that the model read, `cached_input_tokens` of it from the provider's cache.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    reasoning_tokens: int | None = None

    def __add__(self, other: "Usage") -> "Usage":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Usage(*(one if two is None else (one or 0) + two for one, two in pairs))
