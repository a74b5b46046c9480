"""How the agent is spoken to: over A2A; at `/invocations` of this machine, where `serve` has AG-UI too, over that."""

from typing import Any
from urllib.parse import urlsplit

import httpx2

from .. import stream
from ..stream import SESSION_HEADER, Json, Refused, Run, connection, explained, refusal
from ..tasks import MAX_TASKS, TaskRun, outcome_of, rpc, rpc_error
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
    tasks = await _tasks(url, auth, session)
    messages = [message for task in tasks for message in _messages(task)]
    if not tasks:
        return Recalled([], [], TaskRun(url, session))
    last, status = TaskRun(url, session, follow=tasks[-1]["id"]), tasks[-1]["status"]
    asked = outcome_of(status).get("interrupts", [])
    return Recalled(messages, asked, last, is_running=status["state"] == "TASK_STATE_WORKING")


async def _tasks(url: str, auth: httpx2.Auth | None, session: str) -> list[Json]:
    """The tasks of a session that the agent holds, the oldest first. Raises `AgentError`."""
    params = {"contextId": session, "pageSize": MAX_TASKS, "includeArtifacts": True}
    headers = {SESSION_HEADER: session, "A2A-Version": "1.0"}
    async with httpx2.AsyncClient(auth=auth, **connection(url)) as client:
        with explained(url):
            response = await client.post(url, json=rpc("ListTasks", params), headers=headers)
            answer = response.json() if response.is_success else {}
            if not response.is_success:
                raise Refused(refusal(response, response.content))
            if "error" in answer:
                raise Refused(rpc_error(answer["error"]))
            return list(reversed(answer["result"].get("tasks", [])))


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
