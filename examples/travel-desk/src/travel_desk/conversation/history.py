"""A conversation: a list of AG-UI messages, which is ours, and the steps that a framework's messages are made of."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, groupby
from typing import Any, cast

from ag_ui import core
from ag_ui.core import AssistantMessage, Message, ReasoningMessage, ToolCall, ToolMessage, UserMessage

from ..provider import ID_CHARACTERS
from ..provider.answer import CallIds
from ..tools.toolbox import Tool

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
    name: str
    """One that no other document of the conversation has, and the same in every run: letters, digits and dashes."""

    @property
    def is_image(self) -> bool:
        """Whether it is an image, else it is a document."""
        return self.media_type.startswith("image/")

    @property
    def format(self) -> str:
        """The short name of its media type, which is its file name's usual ending too."""
        return FORMATS[self.media_type]


@dataclass(frozen=True, slots=True)
class Question:
    """What the user said."""

    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Thought:
    """What the model thought, and the provider's signature of it, if it gave one."""

    text: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of the model."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said in one call of it: its thoughts, its text, and the tools that it called."""

    thoughts: tuple[Thought, ...] = ()
    text: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool returned to one call."""

    call: Call
    content: str


@dataclass(frozen=True, slots=True)
class Results:
    """The results of all calls of the answer before, in the order of the calls."""

    results: tuple[Result, ...]


Step = Question | Answer | Results
NO_ANSWER = Answer(text="(no answer)")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an agent works from. `steps` begin with a question, alternate, and end with a question or with results."""

    instructions: str
    steps: tuple[Step, ...]
    tools: tuple[Tool, ...]


def steps(messages: Sequence[Message]) -> tuple[Step, ...]:
    """The messages as steps; the same messages always give the same steps, or prompt caches would miss.

    Models want the user to begin: a greeting before the first question is not among them.
    """
    found: list[Step] = []
    ids, asked = CallIds(set(), ID_CHARACTERS), list[str]()
    asked_first = dropwhile(lambda message: message.role != "user", messages)
    for kind, group in groupby(asked_first, lambda message: message.role.replace("reasoning", "assistant")):
        members = list(group)
        if kind == "user":
            found += [NO_ANSWER] if found and isinstance(found[-1], Results) else []
            users = cast(list[UserMessage], members)
            text = "\n\n".join(filter(None, map(text_of, users)))
            found.append(Question(text, tuple(file for message in users for file in attachments_of(message))))
        elif kind == "assistant":
            asked = [call.id for call in calls_of(members)]
            found.append(_answer(members, ids))
        else:
            assert isinstance(found[-1], Answer)
            contents = {message.tool_call_id: text_of(message) for message in cast(list[ToolMessage], members)}
            results = zip(asked, found[-1].calls, strict=True)
            found.append(Results(tuple(Result(call, contents[id]) for id, call in results)))
    return tuple(found)


def text_of(message: Message) -> str:
    """The text of a message: of its content, or of the content's text parts."""
    content = getattr(message, "content", None) or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.text for part in content if isinstance(part, core.TextPart))


def attachments_of(message: UserMessage) -> Iterator[Attachment]:
    """The files of a message. Raises `ValueError` where one is not base64."""
    for number, part in enumerate([] if isinstance(message.content, str) else message.content):
        source = getattr(part, "source", None)
        if isinstance(source, core.DataSource):
            name = hashlib.sha256(f"{message.id} {number}".encode()).hexdigest()[:16]
            yield Attachment(source.mime_type, base64.b64decode(source.value, validate=True), f"document-{name}")


def _answer(messages: Sequence[Message], ids: CallIds) -> Answer:
    """An answer; one of nothing but thoughts says that it is none: providers refuse a message without content.

    What a client or another provider called its calls may be nothing that this provider takes.
    """
    said = [message for message in messages if isinstance(message, AssistantMessage)]
    thoughts = (message for message in messages if isinstance(message, ReasoningMessage))
    calls = [replace(call_of(call), id=ids.unique(call.id)) for call in calls_of(messages)]
    text = "\n\n".join(text for text in map(text_of, said) if text.strip())
    return Answer(
        tuple(Thought(thought.content, thought.encrypted_value) for thought in thoughts),
        text if text or calls else NO_ANSWER.text,
        tuple(calls),
    )


def call_of(call: ToolCall) -> Call:
    """A call, its arguments read."""
    return Call(call.id, call.function.name, json.loads(call.function.arguments or "{}"))


def calls_of(messages: Iterable[Message]) -> list[ToolCall]:
    """The tool calls in these messages."""
    said = (message for message in messages if isinstance(message, AssistantMessage))
    return [call for message in said for call in message.tool_calls or []]


def turns(messages: Sequence[Message]) -> list[list[Message]]:
    """The messages, cut before each user message that follows another kind of message."""
    found: list[list[Message]] = []
    for index, message in enumerate(messages):
        if not found or (message.role == "user" and messages[index - 1].role != "user"):
            found.append([])
        found[-1].append(message)
    return found


def recent(messages: Sequence[Message], max_messages: int, max_bytes: int) -> list[Message]:
    """The newest whole turns within both limits. Of a turn that is over them alone, its question and answer."""
    kept: list[Message] = []
    for turn in reversed(turns(messages)):
        if not _fits([*turn, *kept], max_messages, max_bytes):
            ends = [turn[0], *(message for message in turn[-1:] if message.role == "assistant")]
            return kept or (ends if _fits(ends, max_messages, max_bytes) else [])
        kept = [*turn, *kept]
    return kept


def _fits(messages: list[Message], max_messages: int, max_bytes: int) -> bool:
    return len(messages) <= max_messages and sum(map(size_of, messages)) <= max_bytes


def size_of(message: Message) -> int:
    """Bytes of a message, as JSON."""
    return len(message.model_dump_json(by_alias=True))
