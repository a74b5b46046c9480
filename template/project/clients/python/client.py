"""The agent's turns as typed AG-UI events, each as soon as it arrives."""

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2
from ag_ui.core import Event, EventType
from pydantic import TypeAdapter

from ..stream import address, connection, events, explained, local, parsed, refusal, request

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
KNOWN = {kind.value for kind in EventType}


@dataclass(frozen=True)
class _Agent:
    """Where the agent is, and how to be let in."""

    url: str = field(default_factory=local)
    auth: httpx2.Auth | None = None

    @classmethod
    def deployed(
        cls, arn: str, token: str | None = None, endpoint: str = "DEFAULT", profile: str | None = None
    ) -> Self:
        """The agent of an AgentCore runtime, asked with a bearer token or, without one, with your AWS credentials."""
        from ..runtime import deployed

        return cls(*deployed(arn, token, endpoint, profile))


class AgentClient(_Agent):
    """Asks the agent, and gives what it says as it comes."""

    def stream(self, prompt: str, session: str) -> Generator[Event]:
        """The events of one turn of a session (`new_session()` begins one); closing the generator cancels the turn.

        Raises `AgentError`: the agent can't be reached, refuses the request, fails (RUN_ERROR), falls silent, or the
        connection breaks. The turn is forgotten then, and the session can be asked again. Nothing is sent twice.
        """
        url = address(self.url)
        with httpx2.Client(auth=self.auth, **connection(url)) as client, explained(url):
            with client.sse(url, **request(prompt, session)) as source:
                if not source.response.is_success:
                    raise refusal(source.response, source.response.read())
                for message in source:
                    event = parsed(message)
                    yield from _typed(event)
                    if event["type"] == "RUN_FINISHED":
                        return
            raise httpx2.RemoteProtocolError("the stream ended without RUN_FINISHED")


class AsyncAgentClient(_Agent):
    """The same, for asyncio."""

    async def stream(self, prompt: str, session: str) -> AsyncGenerator[Event]:
        """As `AgentClient.stream`. Leave it early within `contextlib.aclosing`, or the turn goes on for a while."""
        async with aclosing(events(self.url, prompt, session, self.auth)) as turn:
            async for event in turn:
                for typed in _typed(event):
                    yield typed


def _typed(event: dict[str, Any]) -> list[Event]:
    """The event, or nothing where its type is newer than the `ag-ui-protocol` installed here."""
    return [EVENT.validate_python(event)] if event["type"] in KNOWN else []
