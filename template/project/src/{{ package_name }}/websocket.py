"""The agent over a WebSocket: the events of `POST /invocations`, one turn after the other on one connection."""

import asyncio
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from pydantic_core import from_json
from starlette.websockets import WebSocket

from .agent import Conversation
from .errors import Failure, Refused
from .events import RunEvents
from .inputs import parse
from .runs import run
from .sessions import Sessions
from .settings import Settings


class Dialogue:
    """One connection: each message is a request body, each answer its events. Closing it cancels the run."""

    def __init__(
        self, websocket: WebSocket, session_id: str | None, sessions: Sessions[Conversation], settings: Settings
    ) -> None:
        self._websocket = websocket
        self._session_id = session_id
        self._own_session_id = str(uuid4())
        self._sessions = sessions
        self._settings = settings

    async def hold(self) -> None:
        """Accept, and answer until the client closes, which raises `WebSocketDisconnect`."""
        await self._websocket.accept()
        message = await self._websocket.receive_text()
        while True:
            message = await self._turn(message)

    async def _turn(self, message: str) -> str:
        """Answer one message, and return the next. The socket is read meanwhile: that is how its end is noticed."""
        answer = asyncio.create_task(self._answer(message))
        upcoming = asyncio.create_task(self._websocket.receive_text())
        try:
            await asyncio.wait({answer, upcoming}, return_when=asyncio.FIRST_COMPLETED)
            if upcoming.done() and upcoming.exception():
                answer.cancel()
            await asyncio.wait({answer})
            return await upcoming
        finally:
            answer.cancel()
            upcoming.cancel()

    async def _answer(self, message: str) -> None:
        try:
            turn = parse(_json(message), self._session_id, new_session_id=self._own_session_id)
            with self._sessions.claim(turn.session_id) as conversation:
                async with aclosing(run(turn, conversation, self._settings)) as events:
                    async for event in events:
                        await self._websocket.send_text(event)
        except Refused as refused:
            await self._websocket.send_text(RunEvents.failed(Failure(refused.code, refused.message)))


def _json(message: str) -> Any:
    try:
        return from_json(message)
    except ValueError as error:
        raise Refused(400, "invalid_json", f"The message is not JSON: {error}") from error
