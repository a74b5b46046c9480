"""For which user a request is, on routes that are not the SDK's own."""

from bedrock_agentcore import BedrockAgentCoreContext
from bedrock_agentcore.runtime import models
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


class ForUser:
    """ASGI middleware: what the SDK does on its own routes with AgentCore's headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its headers where tools find them."""
        headers = Headers(scope=scope) if scope["type"] == "http" else {}
        if token := headers.get(models.IDENTITY_WAT_HEADER) or headers.get(models.ACCESS_TOKEN_HEADER):
            BedrockAgentCoreContext.set_workload_access_token(token)
        if url := headers.get(models.OAUTH2_CALLBACK_URL_HEADER):
            BedrockAgentCoreContext.set_oauth2_callback_url(url)
        await self._app(scope, receive, send)
