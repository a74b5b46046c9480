"""What an agent is asked, and what it says while it works: the same few parts from every framework.

`agent.py` translates its framework's stream into these; `events.py` turns them into AG-UI events.
"""

from dataclasses import dataclass

FORMATS = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/html": "html",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """An image or a document that came with a question. Its media type is one of `READS` in `model.py`."""

    media_type: str
    data: bytes

    @property
    def is_image(self) -> bool:
        """Whether it is an image, else it is a document."""
        return self.media_type.startswith("image/")

    @property
    def format(self) -> str:
        """The short name of its media type, which is its file name's usual ending too."""
        return FORMATS[self.media_type]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question."""

    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of what the model thinks before it answers, where the model tells."""

    delta: str


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


Part = Reasoning | Text | ToolCallStart | ToolCallArguments | ToolCallEnd | ToolResult | Usage
