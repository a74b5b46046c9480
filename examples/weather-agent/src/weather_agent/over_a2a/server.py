"""AgentCore's A2A contract: JSON-RPC at `/`, the card, `/ping`; beside them AG-UI, as in `server/app.py`.

AgentCore passes on what is A2A. The tests, and whoever looks into a run on this machine, use AG-UI.
"""

import logging
import os

from a2a.server.request_handlers.response_helpers import agent_card_to_dict
from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher
from bedrock_agentcore import BedrockAgentCoreApp
from pydantic_core import from_json
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .. import agent
from ..errors import Refused
from ..runs.run import Answer
from ..server.app import Server
from ..server.for_user import ForUser
from ..server.request_body import CheckedBody, replayed
from ..settings import Settings
from .card import card
from .errors import rpc_refusal, without_traceback
from .handler import Handler

URL = "AGENTCORE_RUNTIME_URL"
"""The variable that holds the address of a deployed agent."""


def create_app(settings: Settings, answer: Answer = agent.answer) -> BedrockAgentCoreApp:
    """The ASGI application. `answer` is the agent."""
    server = A2AServer(settings, answer)
    app = server.application(CheckedRpc)
    app.add_middleware(ForUser)
    app.router.routes += [
        Route("/", server.call, methods=["POST"]),
        Route("/.well-known/agent-card.json", describe, methods=["GET"]),
    ]
    return app


class A2AServer(Server):
    """The same sessions and runs, which peers reach as tasks."""

    def __init__(self, settings: Settings, answer: Answer) -> None:
        super().__init__(settings, answer)
        handler = Handler(self._service, max_tasks=settings.max_sessions)
        for name in ("a2a.server.routes.jsonrpc_dispatcher", "a2a.compat.v0_3.jsonrpc_adapter"):
            logging.getLogger(name).addFilter(without_traceback)
        self._dispatcher = JsonRpcDispatcher(handler, enable_v0_3_compat=True)

    async def call(self, request: Request) -> Response:
        """`POST /`: a JSON-RPC call. A stream says something every `HEARTBEAT_SECONDS`."""
        response = await self._dispatcher.handle_requests(request)
        if isinstance(response, EventSourceResponse):
            response.ping_interval = self._settings.heartbeat_seconds
        return response


async def describe(request: Request) -> Response:
    """`GET /.well-known/agent-card.json`: what the agent can do, and where."""
    return JSONResponse(agent_card_to_dict(card(os.environ.get(URL) or str(request.base_url))))


class CheckedRpc(CheckedBody):
    """The same checks, whose answer to a JSON-RPC call is a JSON-RPC error."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body read, or refuse it."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", "/"):
            return await super().__call__(scope, receive, send)
        try:
            body = await self._read(scope, receive)
        except Refused as refused:
            return await JSONResponse(rpc_refusal(refused))(scope, receive, send)
        await self._app(_versioned(scope, body), replayed(body, receive), send)


def _versioned(scope: Scope, body: bytes) -> Scope:
    """AgentCore does not pass `A2A-Version` on: a call without it is of version 1.0 if its method is."""
    call = from_json(body, allow_inf_nan=False)
    method = call.get("method") if isinstance(call, dict) else None
    is_new = isinstance(method, str) and method in JsonRpcDispatcher.METHOD_TO_MODEL
    if not is_new or any(name == b"a2a-version" for name, _ in scope["headers"]):
        return scope
    return {**scope, "headers": [*scope["headers"], (b"a2a-version", b"1.0")]}
