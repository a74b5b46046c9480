"""What peers send: questions, and answers to what a task waits for."""

import base64
import json
import mimetypes
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from a2a.types import Message, Part
from ag_ui.core import DataSource, DocumentPart, ImagePart, Interrupt, ResumeEntry, TextPart, UserMessage
from google.protobuf.json_format import MessageToDict

from ..errors import Refused

YES = {"y", "yes", "ok", "okay", "approve", "approved", "true"}
NO = {"n", "no", "decline", "declined", "deny", "denied", "false"}


def question(message: Message) -> UserMessage:
    """A message as the user's: text, data as JSON, and files. Its id is ours, for peers use theirs twice."""
    return UserMessage(id=str(uuid4()), content=[_content(part) for part in message.parts])


def _content(part: Part) -> Any:
    if part.HasField("url"):
        raise Refused(400, "unsupported_content", "This agent takes no URLs of files: send their bytes.")
    if part.HasField("raw"):
        kind = part.media_type or mimetypes.guess_type(part.filename)[0] or "application/octet-stream"
        source = DataSource(type="data", mime_type=kind, value=base64.b64encode(part.raw).decode())
        if kind.startswith("image/"):
            return ImagePart(type="image", source=source)
        return DocumentPart(type="document", source=source)
    text = part.text if part.HasField("text") else json.dumps(MessageToDict(part.data), ensure_ascii=False)
    return TextPart(type="text", text=text)


def answers(message: Message, interrupts: Sequence[Interrupt]) -> tuple[ResumeEntry, ...]:
    """The answers in a message: data, which is AG-UI's `resume` or the answer itself, or plain words.

    Raises `Refused` where they are not clear; whether they fit what was asked is checked where they are given.
    """
    data = [MessageToDict(part.data) for part in message.parts if part.HasField("data")]
    if any(part.HasField("raw") or part.HasField("url") for part in message.parts):
        raise Refused(400, "unsupported_content", "An answer is text or data, not a file.")
    if len(data) > 1 or not all(isinstance(each, dict) for each in data):
        raise Refused(400, "invalid_payload", "An answer is one data part, an object.")
    if data and "resume" in data[0]:
        return _entries(data[0]["resume"])
    if len(interrupts) != 1:
        told = 'Several answers are wanted: send data, {"resume": [{"interruptId": …, "status": …, "payload": …}]}.'
        raise Refused(400, "incomplete_resume", told)
    words = "\n".join(part.text for part in message.parts if part.HasField("text")).strip()
    payload = data[0] if data else _spoken(words, interrupts[0])
    return (ResumeEntry(interrupt_id=interrupts[0].id, status="resolved", payload=payload),)


def _entries(resume: Any) -> tuple[ResumeEntry, ...]:
    try:
        return tuple(ResumeEntry.model_validate(entry) for entry in resume)
    except (ValueError, TypeError) as error:
        raise Refused(400, "invalid_payload", "`resume` is not a list of AG-UI's entries.") from error


def _spoken(words: str, interrupt: Interrupt) -> dict[str, Any]:
    """Plain words as an answer. Only a plain yes approves."""
    first = words.lower().strip(" .!")
    schema = interrupt.response_schema or {}
    properties = schema.get("properties", {})
    if "approved" in properties:
        if first in YES:
            return {"approved": True}
        if first.replace(",", " ").split(" ")[0] in NO:
            return {"approved": False} if first in NO else {"approved": False, "reason": words}
        raise Refused(400, "invalid_payload", 'Answer yes or no, or send data: {"approved": true}.')
    wanted = schema.get("required") or list(properties)
    if len(wanted) != 1:
        raise Refused(400, "invalid_payload", f"Send data that fits this schema: {json.dumps(schema)}.")
    return {wanted[0]: _value(words, properties.get(wanted[0], {}))}


def _value(words: str, schema: dict[str, Any]) -> Any:
    """What the words stand for: one of the choices, or a number, or the words."""
    for choice in schema.get("enum", []):
        if words.casefold() == str(choice).casefold():
            return choice
    if schema.get("type") in ("integer", "number", "boolean"):
        try:
            return json.loads(words.lower())
        except ValueError:
            return words
    return words
