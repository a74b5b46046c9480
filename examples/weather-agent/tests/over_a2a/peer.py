"""Another agent: a2a-sdk's own client, and what it has been told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from a2a.client import Client, ClientConfig, ClientFactory
from a2a.helpers import new_data_part
from a2a.types import Message, Part, Role, SendMessageRequest, StreamResponse, Task, TaskState

EVENTS = "https://docs.ag-ui.com/concepts/events"
Result = TypeVar("Result")


class Told:
    """What a stream has told of one task."""

    def __init__(self) -> None:
        self.responses: list[StreamResponse] = []

    @property
    def task(self) -> Task:
        """The task as it was at first."""
        return self.responses[0].task

    @property
    def text(self) -> str:
        """The text of the artifacts that it had then, and of all that came."""
        before = [part.text for artifact in self.task.artifacts for part in artifact.parts]
        return "".join([*before, *self.pieces])

    @property
    def pieces(self) -> list[str]:
        """The text as it came."""
        updates = [each.artifact_update for each in self.responses if each.HasField("artifact_update")]
        return [part.text for update in updates for part in update.artifact.parts]

    @property
    def status(self) -> Any:
        """The last that was told of it."""
        last = self.responses[-1]
        return last.task.status if last.HasField("task") else last.status_update.status

    @property
    def state(self) -> str:
        """The name of the last state."""
        return TaskState.Name(self.status.state).removeprefix("TASK_STATE_")

    @property
    def events(self) -> list[str]:
        """The types of the AG-UI events in the metadata."""
        updates = [each.status_update for each in self.responses if each.HasField("status_update")]
        return [update.metadata[EVENTS]["type"] for update in updates if EVENTS in update.metadata]


def message(*parts: str | Part | dict[str, Any], task: str = "", context: str = "") -> Message:
    """A message of the user's: text, data, and whatever is a part already."""
    made = [
        Part(text=part) if isinstance(part, str) else new_data_part(part) if isinstance(part, dict) else part
        for part in parts
    ]
    return Message(message_id=str(uuid4()), role=Role.ROLE_USER, parts=made, task_id=task, context_id=context)


async def tell(client: Client, said: Message) -> Told:
    """Send a message, and read the answer to its end."""
    told = Told()
    async for response in client.send_message(SendMessageRequest(message=said)):
        told.responses.append(response)
    return told


@asynccontextmanager
async def peer(url: str, **config: Any) -> AsyncIterator[Client]:
    """A client of the agent at that address, made from its card."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        client = await ClientFactory(ClientConfig(httpx_client=http, **config)).create_from_url(url)
        yield client


def meet(url: str, work: Callable[[Client], Awaitable[Result]], **config: Any) -> Result:
    """What comes of work with a client."""

    async def met() -> Result:
        async with peer(url, **config) as client:
            return await work(client)

    return asyncio.run(met())


def ask(url: str, *parts: str | Part | dict[str, Any], **more: Any) -> Told:
    """One message, and all that it is answered with."""
    return meet(url, lambda client: tell(client, message(*parts, **more)))
