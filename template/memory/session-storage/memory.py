"""Where conversations are kept: a file for each session, on AgentCore's session storage once deployed.

`SESSION_STORAGE` names the folder. Without it, as on your machine, a conversation lives as long as the process.
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-persistent-filesystems.html
"""

import asyncio
import hashlib
import os
from pathlib import Path

from ag_ui.core import Context

from .conversation.conversation import Conversation
from .errors import Failure


async def read(session_id: str) -> Conversation:
    """What was kept of a session. Raises `Failure` where its file cannot be read."""
    file = _file(session_id)
    if file is None:
        return Conversation()
    try:
        return Conversation.model_validate_json(await asyncio.to_thread(file.read_bytes))
    except FileNotFoundError:
        return Conversation()
    except (OSError, ValueError) as error:
        raise _failure() from error


async def keep(session_id: str, conversation: Conversation) -> None:
    """Keep a conversation, after each turn: as a whole, or as it was. Raises `Failure` where that cannot be done."""
    if file := _file(session_id):
        try:
            await asyncio.to_thread(_write, file, conversation.model_dump_json(by_alias=True))
        except OSError as error:
            raise _failure() from error


async def recall(question: str) -> list[Context]:
    """What is known of the caller from other sessions: nothing."""
    return []


def _file(session_id: str) -> Path | None:
    folder = os.environ.get("SESSION_STORAGE")
    name = hashlib.sha256(session_id.encode()).hexdigest()
    return Path(folder, "conversations", f"{name}.json") if folder else None


def _write(file: Path, text: str) -> None:
    """Write beside the file, then rename: whoever reads sees one turn or the other."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)


def _failure() -> Failure:
    return Failure("memory_failed")
