"""The data plane: invocations proxied to the session's process as they stream, WebSocket, and stopping a session."""

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator, Callable, Mapping

import httpx
import websockets
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.websockets import WebSocket

from . import commands
from .auth import authorize
from .errors import AwsError, invalid
from .models import Params, status_of
from .sessions import Session, Sessions
from .state import Account, Runtime, Version

USER_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-User-Id"
SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
LONGEST_COMMAND = 3600  # seconds: API reference, InvokeAgentRuntimeCommandRequestBody
LARGEST_FRAME = 32 * 1024  # bytes, in both directions: AgentCore quotas, "WebSocket frame size"
CUSTOM_HEADERS = "x-amzn-bedrock-agentcore-runtime-custom-"
PASSED_HEADERS = {
    *("accept", "content-type", "traceparent", "tracestate", "baggage", "x-amzn-trace-id"),
    *("mcp-session-id", "mcp-protocol-version", USER_HEADER.lower()),
}
RETURNED_HEADERS = ("content-type", "mcp-session-id", "mcp-protocol-version")
PATHS = {"HTTP": "/invocations", "AGUI": "/invocations", "MCP": "/mcp", "A2A": "/"}


class DataPlane:
    """`token` makes the workload access token of a request, of the agent's name, its caller's bearer token and user."""

    def __init__(
        self, account: Account, sessions: Sessions, token: Callable[[str, str | None, str | None], str]
    ) -> None:
        self.account, self.sessions, self.token = account, sessions, token
        self.http = httpx.AsyncClient(timeout=httpx.Timeout(900, connect=5))

    async def invoke_agent_runtime(self, p: Params, request: Request) -> StreamingResponse:
        session_id = p.get("runtimeSessionId") or str(uuid.uuid4())
        version, session, token = await self._session(p, session_id, request)
        url = (
            f"http://127.0.0.1:{session.port}{version.protocol.get('path', PATHS[version.protocol['serverProtocol']])}"
        )
        headers = forwarded(request.headers, version, session_id, token)
        session.running += 1
        try:
            upstream = await self._send(url, p["payload"], headers)
        except AwsError:
            session.running -= 1
            raise
        trace = p.get("traceId", f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}")
        back = {name: upstream.headers[name] for name in RETURNED_HEADERS if name in upstream.headers}
        back |= {SESSION_HEADER: session_id, "X-Amzn-Trace-Id": trace}
        return StreamingResponse(self._relay(upstream, session), headers=back)

    async def invoke_agent_runtime_command(self, p: Params, request: Request) -> StreamingResponse:
        """A command in a session, which is started if there is none."""
        session_id, seconds = p.get("runtimeSessionId") or str(uuid.uuid4()), p["body"].get("timeout", 300)
        if not 1 <= seconds <= LONGEST_COMMAND:
            raise invalid(f"timeout must be from 1 to {LONGEST_COMMAND} seconds")
        version, session, _ = await self._session(p, session_id, request)
        assert version.root
        environment = await self.sessions.environment(version)
        frames = commands.run(p["body"]["command"], seconds, environment, version.root)
        headers = {SESSION_HEADER: session_id}
        return StreamingResponse(self._busy(frames, session), headers=headers, media_type=commands.MEDIA_TYPE)

    async def _busy(self, frames: AsyncIterator[bytes], session: Session) -> AsyncIterator[bytes]:
        session.running += 1
        try:
            async for frame in frames:
                yield frame
        finally:
            session.running -= 1
            session.used = self.sessions.clock()

    async def get_agent_card(self, p: Params, request: Request) -> Response:
        """The card of an agent whose protocol is A2A."""
        session_id = p.get("runtimeSessionId") or str(uuid.uuid4())
        version, session, token = await self._session(p, session_id, request)
        if version.protocol["serverProtocol"] != "A2A":
            raise invalid("The agent's protocol is not A2A")
        url = f"http://127.0.0.1:{session.port}/.well-known/agent-card.json"
        answer = await self.http.get(url, headers=forwarded(request.headers, version, session_id, token))
        if answer.is_error:
            raise _runtime_error(str(answer.status_code))
        return Response(answer.content, headers={SESSION_HEADER: session_id}, media_type="application/json")

    async def _session(self, p: Params, session_id: str, connection: HTTPConnection) -> tuple[Version, Session, str]:
        """What serves the request, and the workload access token that goes with it."""
        runtime, endpoint, version = self._resolve(p)
        await asyncio.to_thread(authorize, version, self.account.region, connection)
        scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
        token = self.token(
            runtime.id, bearer if scheme.lower() == "bearer" else None, connection.headers.get(USER_HEADER)
        )
        return version, await self.sessions.get(runtime, endpoint, version, session_id), token

    def _resolve(self, p: Params) -> tuple[Runtime, str, Version]:
        ident = p["agentRuntimeArn"]
        if not ident.startswith("arn:") and "accountId" not in p:
            raise invalid("accountId is required when an agent id is given in place of its ARN")
        runtime = self.account.runtime(ident)
        endpoint = runtime.endpoint(p.get("qualifier", "DEFAULT"))
        version = runtime.version(endpoint.live or endpoint.target)
        if version.status != "READY" or version.root is None:
            raise invalid(f"agent '{runtime.id}' version {version.number} is {version.status}", "ResourceConflict")
        return runtime, endpoint.name, version

    async def _send(self, url: str, payload: bytes, headers: dict[str, str]) -> httpx.Response:
        request = self.http.build_request("POST", url, content=payload, headers=headers)
        try:
            answer = await self.http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise _runtime_error(type(error).__name__) from None
        if answer.is_error:
            await answer.aclose()
            raise _runtime_error(str(answer.status_code))
        return answer

    async def _relay(self, upstream: httpx.Response, session: Session) -> AsyncIterator[bytes]:
        try:
            async for chunk in upstream.aiter_raw():
                yield chunk
        finally:
            session.running -= 1
            session.used = self.sessions.clock()
            await upstream.aclose()

    async def stop_runtime_session(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeArn"])
        endpoint = runtime.endpoint(p.get("qualifier", "DEFAULT"))
        await self.sessions.stop((runtime.id, endpoint.name, p["runtimeSessionId"]))
        return {"runtimeSessionId": p["runtimeSessionId"]}

    async def websocket(self, socket: WebSocket) -> None:
        """`/runtimes/ARN/ws`: not in the service model; a presigned URL carries the session id in its query."""
        session_id = socket.headers.get(SESSION_HEADER) or socket.query_params.get(SESSION_HEADER) or str(uuid.uuid4())
        target = {
            "agentRuntimeArn": socket.path_params["arn"],
            "qualifier": socket.query_params.get("qualifier", "DEFAULT"),
        }
        try:
            version, session, token = await self._session(target, session_id, socket)
        except AwsError as error:
            refusal = {"x-amzn-ErrorType": error.code}
            await socket.send_denial_response(JSONResponse({"message": error.message}, status_of(error.code), refusal))
            return
        headers = forwarded(socket.headers, version, session_id, token)
        async with websockets.connect(f"ws://127.0.0.1:{session.port}/ws", additional_headers=headers) as agent:
            await socket.accept()
            await _join(socket, agent)

    async def close(self) -> None:
        await self.http.aclose()


def forwarded(headers: Mapping[str, str], version: Version, session_id: str, token: str) -> dict[str, str]:
    """The request headers that reach the agent."""
    allowed = version.config.get("requestHeaderConfiguration", {}).get("requestHeaderAllowlist", [])
    names = PASSED_HEADERS | {name.lower() for name in allowed}
    passed = {name: value for name, value in headers.items() if name in names or name.startswith(CUSTOM_HEADERS)}
    return passed | {SESSION_HEADER: session_id, "WorkloadAccessToken": token}


def _runtime_error(detail: str) -> AwsError:
    message = f"Received error ({detail}) from runtime. Please check your CloudWatch logs for more information."
    return AwsError("RuntimeClientError", message)


def _held(message: str | bytes) -> str | bytes:
    """A frame that the service carries."""
    if len(message.encode() if isinstance(message, str) else message) > LARGEST_FRAME:
        raise ConnectionAbortedError
    return message


async def _join(socket: WebSocket, agent: websockets.ClientConnection) -> None:
    """Carry messages both ways until either side closes."""

    async def down() -> None:
        async for message in agent:
            _held(message)
            await (socket.send_text(message) if isinstance(message, str) else socket.send_bytes(message))
        await socket.close()

    async def up() -> None:
        while (message := await socket.receive())["type"] == "websocket.receive":
            await agent.send(_held(message["bytes"] if message.get("text") is None else message["text"]))

    directions = [asyncio.create_task(down()), asyncio.create_task(up())]
    await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    for direction in directions:
        direction.cancel()
    ended = await asyncio.gather(*directions, return_exceptions=True)
    if any(isinstance(each, ConnectionAbortedError) for each in ended):
        await socket.close(1009, "Frame size exceeds the limit of 32 KB")
