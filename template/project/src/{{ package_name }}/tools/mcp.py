"""The tools of MCP servers (https://modelcontextprotocol.io).

`MCP_SERVERS` names the servers, as JSON in the form that most MCP clients read:
{"files": {"command": "mcp-files", "args": ["."]}, "search": {"url": "https://…", "headers": {"X-Key": "${KEY}"}},
"tools": {"gateway": "arn:aws:bedrock-agentcore:…:gateway/…"}}
"""

import asyncio
import logging
import os
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from botocore.session import get_session
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client  # which HTTP library it is depends on the version of mcp
from mcp.types import CONNECTION_CLOSED, ErrorData, PaginatedRequestParams
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator

from ..errors import BadSetting, problems
from .toolbox import Tool

logger = logging.getLogger(__name__)

START_SECONDS = 10.0
CALL_SECONDS = 60.0
MAX_NAME_CHARACTERS = 64
SERVICE = "bedrock-agentcore"
GATEWAY = r"^(arn:aws[a-z-]*:bedrock-agentcore:[a-z]{2,4}(-[a-z]+)+-\d+:\d{12}:gateway/[a-zA-Z0-9-]+)?$"


class ServerConfig(BaseModel):
    """How a server is reached: started as a `command` that speaks on its standard input and output, or at a `url`.

    A `gateway` of AgentCore, by its ARN, is at the address that AWS gave it, unless `url` is another name of it.
    """

    command: str = ""
    args: list[str] = []
    env: dict[str, str] = {}
    url: str = ""
    headers: dict[str, str] = {}
    gateway: str = Field(default="", pattern=GATEWAY)

    @model_validator(mode="after")
    def _one_way_in(self) -> "ServerConfig":
        if self.gateway and (self.command or "authorization" in map(str.lower, self.headers)):
            raise ValueError("requests to a gateway are signed: leave out `command` and the header Authorization")
        url = urlsplit(self.url)
        if self.gateway and self.url and url.scheme != "https" and url.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("a gateway's `url` begins with https://")
        return self

    @property
    def address(self) -> str:
        """Where it is, or nothing."""
        if self.url or not self.gateway:
            return self.url
        name, region = self.gateway.rpartition("/")[2], _region(self.gateway)
        return f"https://{name}.gateway.{SERVICE}.{region}.{_domain(region)}/mcp"


def mcp_tools() -> list[Tool]:
    """Every tool of every server, its name prefixed with the server's.

    A server that cannot be reached is logged, and its tools are missing. Raises `BadSetting` when `MCP_SERVERS` is
    not as it should be.
    """
    text = os.path.expandvars(os.environ.get("MCP_SERVERS") or "{}")
    try:
        configs = TypeAdapter(dict[str, ServerConfig]).validate_json(text)
    except ValidationError as error:
        raise BadSetting("MCP_SERVERS", f"{problems(error)}. It is JSON, as .env.example shows.") from None
    servers = [Server(name, config) for name, config in configs.items()]
    return _wait(_all_tools(servers)) if servers else []


async def _all_tools(servers: list["Server"]) -> list[Tool]:
    found = await asyncio.gather(*(server.tools() for server in servers))
    names: Counter[str] = Counter()
    pairs = ((server, tool) for server, tools in zip(servers, found, strict=True) for tool in tools)
    return [_tool(server, tool, names) for server, tool in pairs]


@dataclass(frozen=True)
class Connection:
    """A connection, open as long as its task runs, and the session to come."""

    task: asyncio.Task[None]
    session: asyncio.Future[ClientSession]


class Server:
    """One server, to which a connection is made when it is needed, and again after it was lost.

    Used from one event loop only, that of `_loop`.
    """

    def __init__(self, name: str, config: ServerConfig) -> None:
        self.name = name
        self._config = config
        self._connection: Connection | None = None
        self._calls = 0

    async def tools(self) -> list[dict[str, Any]]:
        """The tools that the server offers, each as the protocol describes it; none if it cannot be reached."""
        try:
            async with self._session(START_SECONDS) as session:
                return [tool async for tool in self._listed(session)]
        except Exception as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) else _innermost(error)
            logger.error("The MCP server %s cannot be reached, so its tools are missing: %s", self.name, reason)
            return []

    async def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """What the tool returns. Raises `ValueError` when it fails, the server refuses, or the server is lost."""
        try:
            async with self._session(CALL_SECONDS) as session:
                result = (await session.call_tool(tool, arguments)).model_dump(by_alias=True)
        except Exception as error:
            if (refusal := _refusal(error)) is not None:
                raise ValueError(f"The MCP server {self.name} refused the call: {refusal}") from error
            logger.error("the call of %s at the MCP server %s failed: %s", tool, self.name, _innermost(error))
            raise ValueError(f"The MCP server {self.name} did not answer. Another call may reach it again.") from error
        if result["isError"]:
            raise ValueError(_text(result))
        return _text(result)

    @staticmethod
    async def _listed(session: ClientSession) -> AsyncIterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            page = (await session.list_tools(params=PaginatedRequestParams(cursor=cursor))).model_dump(by_alias=True)
            for tool in page["tools"]:
                yield tool
            if not (cursor := page["nextCursor"]):
                return

    @asynccontextmanager
    async def _session(self, seconds: float) -> AsyncIterator[ClientSession]:
        """A session for so long. A lost connection is given up, so that the next call makes another.

        A refusal leaves it as it is, and so does a call that takes too long while others are being answered.
        """
        if self._connection is None or self._connection.task.done():
            coming = asyncio.get_running_loop().create_future()
            self._connection = Connection(asyncio.create_task(self._stay_connected(coming)), coming)
        connection = self._connection
        self._calls += 1
        try:
            async with asyncio.timeout(seconds):
                yield await asyncio.shield(connection.session)
        except Exception as error:
            if _refusal(error) is None and not (isinstance(error, TimeoutError) and self._calls > 1):
                connection.task.cancel()
                self._connection = None if self._connection is connection else self._connection
            raise
        finally:
            self._calls -= 1

    async def _stay_connected(self, session: asyncio.Future[ClientSession]) -> None:
        """One task opens and closes a connection: the library's scopes belong to the task that entered them."""
        try:
            async with self._transport() as streams, ClientSession(*streams) as open_session:
                await open_session.initialize()
                session.set_result(open_session)
                await asyncio.Event().wait()
        except Exception as error:
            if not session.done():
                session.set_exception(error)

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[tuple[Any, Any]]:
        config = self._config
        if config.address:
            async with (
                _http_client(config) as client,
                streamable_http_client(config.address, http_client=client) as (read, write, *_),
            ):
                yield read, write
        else:
            parameters = StdioServerParameters(command=config.command, args=config.args, env=config.env or None)
            async with stdio_client(parameters) as (read, write):
                yield read, write


def _http_client(config: ServerConfig) -> Any:
    client: Any = create_mcp_http_client(config.headers)
    if config.gateway:
        client.event_hooks["request"].append(Signer(config))
        client.event_hooks["response"].append(_log_refusal)
    return client


async def _log_refusal(response: Any) -> None:
    """AWS says why it refuses a signature; the library does not tell it."""
    if response.status_code == 403:
        told = (await response.aread()).decode(errors="replace").partition("The Canonical String")[0][:500]
        logger.error("The gateway refuses us: %s %s", response.headers.get("x-amzn-errortype", ""), told)


class Signer:
    """Signs each request to a gateway (SigV4), as boto3 does, with the credentials that are good at the moment."""

    def __init__(self, config: ServerConfig) -> None:
        self._address = config.address
        self._region = _region(config.gateway)
        self._session = boto3.Session()

    async def __call__(self, request: Any) -> None:
        """Add the signature, which covers the body. Raises `NoCredentialsError`, and `ValueError` for a redirect.

        The session's token is for nobody else, and the library follows redirects.
        """
        if request.url != self._address:
            raise ValueError(f"it leads to {request.url}, where nothing is sent")
        credentials = await asyncio.to_thread(self._credentials)
        type = {name: request.headers[name] for name in ("content-type",) if name in request.headers}
        signed = AWSRequest(request.method, str(request.url), data=await request.aread(), headers=type)
        SigV4Auth(credentials, SERVICE, self._region).add_auth(signed)
        request.headers.update(dict(signed.headers))

    def _credentials(self) -> Any:
        if credentials := self._session.get_credentials():
            return credentials.get_frozen_credentials()
        raise NoCredentialsError


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _domain(region: str) -> str:
    """What the names of AWS's hosts end in: `amazonaws.com`, or another partition's."""
    regions = get_session().get_component("endpoint_resolver")
    return str(regions.get_partition_dns_suffix(regions.get_partition_for_region(region)))


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """An event loop in a thread of its own: the connections outlive the runs, whose loops are the framework's."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="mcp", daemon=True).start()
    return loop


def _wait(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


def _tool(server: Server, tool: dict[str, Any], names: Counter[str]) -> Tool:
    """The tool under a name that no other has, and with parameters named as every model provider takes them."""
    name = _name(f"{server.name}_{tool['name']}", names)
    parameters, original = _renamed(tool["inputSchema"])

    async def call(**arguments: Any) -> str:
        sent = {original.get(key, key): value for key, value in arguments.items()}
        work = server.call(tool["name"], sent)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _loop()))

    call.__name__ = name
    return Tool(name, tool["description"] or tool["name"], parameters, call)


def _name(name: str, taken: Counter[str]) -> str:
    """The name with the characters that models take, and a number where it is taken already."""
    clean = re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:MAX_NAME_CHARACTERS]
    taken[clean] += 1
    while taken[clean] > 1:
        suffix = f"_{taken[clean]}"
        clean = clean[: MAX_NAME_CHARACTERS - len(suffix)] + suffix
        taken[clean] += 1
    return clean


def _renamed(schema: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The schema as every provider takes it, and the names of the parameters that had others."""
    properties: dict[str, Any] = {}
    original: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for name, property in (schema.get("properties") or {}).items():
        clean = _name(name or "value", taken)
        original |= {clean: name} if clean != name else {}
        properties[clean] = _without_booleans(property)
    clean_names = {name: clean for clean, name in original.items()}
    required = [clean_names.get(name, name) for name in schema.get("required") or []]
    rest = {key: value for key, value in schema.items() if key not in ("properties", "required", "$schema")}
    required_names = {"required": required} if required else {}
    return {**rest, "type": "object", "properties": properties, **required_names}, original


def _without_booleans(schema: Any) -> Any:
    """`true` stands for any value: not every provider takes it, nor an empty list of choices."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if not (key == "enum" and value == [])}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = _without_booleans(kept[key])
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: _without_booleans(value) for name, value in kept["properties"].items()}
    return kept


def _text(result: dict[str, Any]) -> str:
    return "\n".join(_block(block) for block in result["content"]) or "(nothing)"


def _block(block: dict[str, Any]) -> str:
    resource = block.get("resource") or {}
    text = block.get("text", resource.get("text"))
    kind = block.get("mimeType") or resource.get("mimeType") or ""
    return str(text) if text is not None else f"({block['type']} {block.get('uri') or kind})"


def _refusal(error: BaseException) -> str | None:
    """What the server says in its answer to a call that it does not take; None where there is no answer."""
    data = getattr(_innermost(error), "error", None)
    return data.message if isinstance(data, ErrorData) and data.code != CONNECTION_CLOSED else None


def _innermost(error: BaseException) -> BaseException:
    """The error within the groups that the library's tasks wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


TOOLS = mcp_tools()
