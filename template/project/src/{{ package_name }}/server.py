"""The agent's server: AgentCore's HTTP contract, and `/ws`.

Built on `BedrockAgentCoreApp`, which reads AgentCore's headers, logs and answers `/ping`. Its entry point returns a
response of our own: what an entry point *yields* passes through a thread bridge that stops at 40 waiting streams.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

from bedrock_agentcore import BedrockAgentCoreApp, BedrockAgentCoreContext, RequestContext
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from . import provider
from .agent import Conversation
from .body import CheckedBody
from .errors import Refused
from .inputs import Turn, parse
from .model import build_model
from .runs import run
from .sessions import Sessions
from .settings import Settings
from .streaming import EventStream
from .websocket import Dialogue

SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"


def create_app(settings: Settings, conversation: type[Conversation] = Conversation) -> BedrockAgentCoreApp:
    """The ASGI application: `POST /invocations`, `GET /ping` and `/ws`. Each session is a `conversation`."""
    server = Server(settings, conversation)
    app = BedrockAgentCoreApp(
        lifespan=server.lifespan,
        middleware=[Middleware(CheckedBody, max_bytes=settings.max_request_bytes)],
    )
    app.entrypoint(server.invoke)
    app.websocket(server.converse)
    return app


class Server:
    """One model client for the process, and a conversation for each session."""

    def __init__(self, settings: Settings, conversation: type[Conversation]) -> None:
        self._settings = settings
        self._sessions = Sessions(
            partial(conversation, build_model(settings), settings),
            max_sessions=settings.max_sessions,
            max_runs=settings.max_runs,
        )

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Give the loop as many threads as runs: a model stream or a blocking tool may hold one each."""
        with ThreadPoolExecutor(self._settings.max_runs, thread_name_prefix="run") as executor:
            asyncio.get_running_loop().set_default_executor(executor)
            async with provider.connections():
                yield

    def invoke(self, payload: Any, context: RequestContext) -> Response:
        """`POST /invocations`: the run as Server-Sent Events, or what was wrong with the request as JSON."""
        try:
            turn = parse(payload, context.session_id, new_session_id=str(uuid4()))
            return RunResponse(turn, self._sessions, self._settings)
        except Refused as refused:
            return refusal(refused)

    async def converse(self, websocket: WebSocket, context: RequestContext) -> None:
        """`/ws`: turn after turn until the client closes the socket."""
        await Dialogue(websocket, context.session_id, self._sessions, self._settings).hold()


class RunResponse(Response):
    """Claims the session when the answer begins, on the server's own loop, and frees it when the stream has ended."""

    def __init__(self, turn: Turn, sessions: Sessions[Conversation], settings: Settings) -> None:
        super().__init__()
        self._turn = turn
        self._sessions = sessions
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the event stream, or with the refusal."""
        request_id = BedrockAgentCoreContext.get_request_id() or self._turn.run_id
        BedrockAgentCoreContext.set_request_context(request_id, self._turn.session_id)  # log_json reads them
        try:
            with self._sessions.claim(self._turn.session_id) as conversation:
                await self._stream(conversation)(scope, receive, send)
        except Refused as refused:
            await refusal(refused)(scope, receive, send)

    def _stream(self, conversation: Conversation) -> EventStream:
        return EventStream(
            run(self._turn, conversation, self._settings),
            heartbeat_seconds=self._settings.heartbeat_seconds,
            headers={SESSION_HEADER: self._turn.session_id},
        )


def refusal(refused: Refused) -> JSONResponse:
    """What was wrong, for programs (`code`) and people (`message`)."""
    return JSONResponse({"code": refused.code, "message": refused.message}, refused.status)
