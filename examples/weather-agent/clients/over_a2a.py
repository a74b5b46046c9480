"""An agent that speaks A2A 1.0, asked by JSON-RPC: what it tells comes as typed AG-UI events."""

from collections.abc import Generator

from ag_ui.core import Event

from .python import client
from .stream import AgentError, new_session
from .tasks import TaskRun

__all__ = ["AgentClient", "AgentError", "new_session"]


class AgentClient(client.AgentClient):
    """Asks the agent. A lost connection is made again, and leaving a stream cancels the task."""

    def stream(self, prompt: str, session: str, *, approve: client.Approve | None = None) -> Generator[Event]:
        """The events of one task; `approve` answers what it waits for, without it the events end there."""
        return self._turn(TaskRun(self.url, session, prompt=prompt), approve)
