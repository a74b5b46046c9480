"""What the agent knows of a session."""

from dataclasses import dataclass

import httpx2

from ..stream import SESSION_HEADER, Json, Run, accepted, connection, events_of, explained


@dataclass(frozen=True)
class Recalled:
    """What was said, what is asked, and the run that goes on (`is_running`) or waits for the answers."""

    messages: list[Json]
    asked: list[Json]
    run: Run
    is_running: bool = False


async def recall(url: str, auth: httpx2.Auth | None, session: str) -> Recalled:
    """Ask for the history of the session. Raises `AgentError`."""
    async with httpx2.AsyncClient(auth=auth, **connection(url)) as client:
        with explained(url):
            response = await client.post(url, json={"history": True}, headers={SESSION_HEADER: session})
            await response.aread()
            accepted(response)
            told = events_of(response)
            snapshot = next(event for event in told if event["type"] == "MESSAGES_SNAPSHOT")
    running = (snapshot.get("metadata") or {}).get("activeRunId")
    asked = (told[-1].get("outcome") or {}).get("interrupts") or []
    return Recalled(snapshot["messages"], asked, Run(url, session, follow=running), bool(running))
