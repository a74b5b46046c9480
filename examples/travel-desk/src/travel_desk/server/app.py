"""The agent's server: AgentCore's HTTP contract, and `/ws`.

Built on `BedrockAgentCoreApp`, which reads AgentCore's headers and answers `/ping`. Its entry point returns a
response of our own: what an entry point *yields* passes through a thread bridge that stops at 40 waiting streams.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from bedrock_agentcore import BedrockAgentCoreApp, PingStatus, RequestContext
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from .. import agent, provider
from ..errors import Refused
from ..model import build_model
from ..runs.requests import parse
from ..runs.run import Answer, Runtime
from ..settings import Settings
from ..tools.toolbox import Workers
from .request_body import CheckedBody
from .service import Service
from .shutdown import on_termination
from .streaming import Reply
from .websocket import Dialogue


def create_app(settings: Settings, answer: Answer = agent.answer) -> BedrockAgentCoreApp:
    """The ASGI application: `POST /invocations`, `GET /ping` and `/ws`. `answer` is the agent."""
    return Server(settings, answer).application(CheckedBody)


class Server:
    """One model client for the process, and a conversation for each session."""

    def __init__(self, settings: Settings, answer: Answer) -> None:
        self._settings = settings
        workers = Workers(settings.tool_seconds, settings.max_tool_threads)
        self._runtime = Runtime(settings, build_model(settings), answer, workers)
        self._service = Service(self._runtime)

    def application(self, checked: type[CheckedBody]) -> BedrockAgentCoreApp:
        """What is served. `checked` looks at each request's body first."""
        middleware = Middleware(checked, max_bytes=self._settings.max_request_bytes)
        app = BedrockAgentCoreApp(lifespan=self.lifespan, middleware=[middleware])
        app.entrypoint(self.invoke)
        app.websocket(self.converse)
        app.ping(self.status)
        app.state.runtime = self._runtime
        return app

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Give the loop as many threads as runs, since a model stream may hold one; end every run with the process."""
        with ThreadPoolExecutor(self._settings.max_runs, thread_name_prefix="run") as executor:
            asyncio.get_running_loop().set_default_executor(executor)
            async with provider.connections():
                with on_termination(self._service.shut_down):
                    yield
                await self._service.shut_down()

    def status(self) -> PingStatus:
        """`GET /ping`: AgentCore ends an idle session that is merely healthy."""
        return PingStatus.HEALTHY_BUSY if self._service.busy else PingStatus.HEALTHY

    def invoke(self, payload: Any, context: RequestContext) -> Response:
        """`POST /invocations`: the run as Server-Sent Events, or what was wrong with the request as JSON."""
        try:
            return Reply(parse(payload, context.session_id, str(uuid4())), self._service, self._settings)
        except Refused as refused:
            return JSONResponse(refused.body, refused.status)

    async def converse(self, websocket: WebSocket, context: RequestContext) -> None:
        """`/ws`: turn after turn until the client closes the socket."""
        await Dialogue(websocket, context.session_id, self._service, self._settings).hold()
