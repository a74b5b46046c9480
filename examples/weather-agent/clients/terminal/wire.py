"""How the agent is spoken to: over A2A; at `/invocations` of this machine, where `serve` has AG-UI too, over that."""

from typing import Any
from urllib.parse import urlsplit

import httpx2

from .. import stream
from ..stream import Json, Run
from ..tasks import TaskRun, outcome_of, tasks_of
from . import recall as ag_ui
from .recall import Recalled

__all__ = ["Recalled", "can_edit", "local", "place", "recall", "run"]


def local() -> str:
    """The address of the agent that `serve` runs on this machine."""
    return stream.local().removesuffix("invocations")


def place(url: str) -> str:
    """Where the agent of this address is asked."""
    return url if urlsplit(url).path else f"{url}/"


def can_edit(url: str) -> bool:
    """Whether an earlier question can be asked again, changed: A2A has no words for it."""
    return _is_ag_ui(url)


def run(url: str, session: str, **what: Any) -> Run:
    """What is asked."""
    return Run(url, session, **what) if _is_ag_ui(url) else TaskRun(url, session, **what)


async def recall(url: str, auth: httpx2.Auth | None, session: str) -> Recalled:
    """The tasks of the session that the agent holds, as messages. Raises `AgentError`."""
    if _is_ag_ui(url):
        return await ag_ui.recall(url, auth, session)
    tasks = await tasks_of(url, auth, session)
    messages = [message for task in tasks for message in _messages(task)]
    if not tasks:
        return Recalled([], [], TaskRun(url, session))
    last, status = TaskRun(url, session, follow=tasks[-1]["id"]), tasks[-1]["status"]
    asked = outcome_of(status).get("interrupts", [])
    return Recalled(messages, asked, last, is_running=status["state"] == "TASK_STATE_WORKING")


def _messages(task: Json) -> list[Json]:
    """The questions of a task, and what it made of them."""
    asked = [each for each in task.get("history", []) if each["role"] == "ROLE_USER"]
    told = [{"id": each["messageId"], "role": "user", "content": _text(each["parts"])} for each in asked]
    answers = [
        {"id": each["artifactId"], "role": "assistant", "content": _text(each["parts"])}
        for each in task.get("artifacts", [])
    ]
    return [message for message in told[:1] if message["content"]] + answers


def _text(parts: list[Json]) -> str:
    return "".join(part.get("text", "") for part in parts)


def _is_ag_ui(url: str) -> bool:
    return urlsplit(url).path == "/invocations"
