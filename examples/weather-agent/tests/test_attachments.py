"""Images and documents that come with a question reach the model as they are."""

import base64
import uuid
from typing import Any

import pytest

from weather_agent.model import READS

from .agent_client import AgentClient, Answer
from local_model.conversation import File
from local_model.server import LocalModel


def file(media_type: str) -> File:
    """A file whose content nobody but the model would look into."""
    return File(media_type, f"What is in a file of {media_type}, ünd more".encode())


def part(file: File) -> dict[str, Any]:
    """A file as AG-UI has it."""
    kind = "image" if file.media_type.startswith("image/") else "document"
    data = base64.b64encode(file.data).decode()
    return {"type": kind, "source": {"type": "data", "mimeType": file.media_type, "value": data}}


def ask(agent: AgentClient, text: str, *files: File, session: str) -> Answer:
    """One turn with files."""
    content = [{"type": "text", "text": text}, *map(part, files)]
    message = {"id": str(uuid.uuid4()), "role": "user", "content": content}
    with agent.post({"threadId": session, "runId": "run", "messages": [message]}) as stream:
        return stream.read()


@pytest.mark.parametrize("media_type", sorted(READS))
def test_a_file_reaches_the_model(agent: AgentClient, local_model: LocalModel, media_type: str) -> None:
    answer = ask(agent, "What is this?", file(media_type), session=str(uuid.uuid4()))

    assert answer.types[-1] == "RUN_FINISHED"
    assert f"You sent {media_type}" in answer.text
    assert local_model.requests[0].conversation.messages[0].files == [file(media_type)]


def test_the_session_keeps_files_with_their_question(agent: AgentClient, local_model: LocalModel) -> None:
    files = [file(media_type) for media_type in sorted(READS)[:2]]  # providers take five documents with a question
    answer = ask(agent, 'call echo {"text": "hello"}', *files, *files, session="keeps-files")
    again = ask(agent, "What did I ask before?", *files[:1], session="keeps-files")

    assert "echo: hello" in answer.text
    assert again.types[-1] == "RUN_FINISHED"
    assert sorted(map(str, local_model.requests[-1].conversation.messages[0].files)) == sorted(map(str, files * 2))


@pytest.mark.parametrize(
    "source",
    [
        {"type": "data", "mimeType": "image/tiff", "value": "AAAA"},
        {"type": "url", "mimeType": "image/png", "value": "https://example.com/a.png"},
        {"type": "data", "mimeType": "image/png", "value": "no base64"},
    ],
)
def test_a_file_that_cannot_be_passed_on_is_refused(
    agent: AgentClient, local_model: LocalModel, source: dict[str, str]
) -> None:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]
    message = {"id": "m", "role": "user", "content": content}

    refused = agent.refused({"threadId": "thread", "runId": "run", "messages": [message]})

    assert refused in [(400, "unsupported_content"), (400, "invalid_attachment")]
    assert local_model.requests == []
