"""The tools of MCP servers (https://modelcontextprotocol.io), as functions like every other tool.

`MCP_SERVERS` names the servers, as JSON in the form that most MCP clients read:
{"files": {"command": "mcp-files", "args": ["."]}, "search": {"url": "https://…", "headers": {"X-Key": "${KEY}"}}}
"""

import asyncio
import inspect
import json
import keyword
import logging
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client  # which HTTP library it is depends on the version of mcp
from mcp.types import PaginatedRequestParams
from pydantic import BaseModel, TypeAdapter

logger = logging.getLogger(__name__)

START_SECONDS = 10.0
CALL_SECONDS = 60.0
MAX_NAME_CHARACTERS = 64
TYPES: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool, "null": None}


class ServerConfig(BaseModel):
    """How a server is reached: started as a `command` that speaks on its standard input and output, or at a `url`."""

    command: str = ""
    args: list[str] = []
    env: dict[str, str] = {}
    url: str = ""
    headers: dict[str, str] = {}


def mcp_tools() -> list[Callable[..., str]]:
    """A function for every tool of every server, its name prefixed with the server's.

    A server that cannot be reached is logged, and its tools are missing. Raises `ValueError` when `MCP_SERVERS` is
    not as it should be.
    """
    text = os.path.expandvars(os.environ.get("MCP_SERVERS") or "{}")
    configs = TypeAdapter(dict[str, ServerConfig]).validate_json(text)
    servers = [Server(name, config) for name, config in configs.items()]
    return _wait(_all_tools(servers)) if servers else []


async def _all_tools(servers: list["Server"]) -> list[Callable[..., str]]:
    found = await asyncio.gather(*(server.tools() for server in servers))
    return [_function(server, tool) for server, tools in zip(servers, found, strict=True) for tool in tools]


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
        """What the tool returns. Raises `ValueError` when it fails or the server is lost."""
        try:
            async with self._session(CALL_SECONDS) as session:
                result = (await session.call_tool(tool, arguments)).model_dump(by_alias=True)
        except Exception as error:
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
        """A session for so long. Whatever fails within it ends the connection, so that the next call makes another."""
        if self._connection is None or self._connection.task.done():
            coming = asyncio.get_running_loop().create_future()
            self._connection = Connection(asyncio.create_task(self._stay_connected(coming)), coming)
        connection = self._connection
        try:
            async with asyncio.timeout(seconds):
                yield await asyncio.shield(connection.session)
        except Exception:
            connection.task.cancel()
            self._connection = None if self._connection is connection else self._connection
            raise

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
        if config.url:
            async with (
                create_mcp_http_client(config.headers) as client,
                streamable_http_client(config.url, http_client=client) as (read, write, *_),
            ):
                yield read, write
        else:
            parameters = StdioServerParameters(command=config.command, args=config.args, env=config.env or None)
            async with stdio_client(parameters) as (read, write):
                yield read, write


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """An event loop in a thread of its own: the connections outlive the runs, whose loops are the framework's."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="mcp", daemon=True).start()
    return loop


def _wait(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


def _function(server: Server, tool: dict[str, Any]) -> Callable[..., str]:
    """The tool as a function, whose signature and docstring say what the tool's JSON schema says."""
    schema = tool["inputSchema"]
    required = schema.get("required", [])
    properties = {_identifier(name): (name, property) for name, property in schema.get("properties", {}).items()}

    def call(**arguments: Any) -> str:
        given = {properties[key][0]: value for key, value in arguments.items() if key in properties}
        sent = {name: value for name, value in given.items() if value is not None or name in required}
        text: str = _wait(server.call(tool["name"], sent))
        return text

    parameters = [_parameter(key, property, name in required) for key, (name, property) in properties.items()]
    parameters.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
    call.__name__ = call.__qualname__ = _identifier(f"{server.name}_{tool['name']}")[:MAX_NAME_CHARACTERS]
    call.__doc__ = _docstring(tool, {key: property for key, (_, property) in properties.items()})
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": str}
    call.__signature__ = inspect.Signature(parameters, return_annotation=str)  # type: ignore[attr-defined]
    return call


def _parameter(key: str, schema: dict[str, Any], required: bool) -> inspect.Parameter:
    annotation = _annotation(schema)
    if required:
        return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
    default = schema.get("default")
    optional = annotation if annotation is Any or default is not None else annotation | None
    return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=optional, default=default)


def _annotation(schema: dict[str, Any]) -> Any:
    """The Python type of a JSON schema, as far as it has one."""
    match schema:
        case {"enum": [*values]} if all(isinstance(value, str | int | bool | None) for value in values):
            return Literal[tuple(values)]
        case {"anyOf": [first, *others]}:
            annotation = _annotation(first)
            for other in others:
                annotation = Any if Any in (annotation, _annotation(other)) else annotation | _annotation(other)
            return annotation
        case {"type": [*names]}:
            return _annotation({"anyOf": [{**schema, "type": name} for name in names]})
        case {"type": "array"}:
            return list[_annotation(schema.get("items", {}))]  # type: ignore[misc]
        case {"type": "object"}:
            return dict[str, Any]
        case {"type": str(name)}:
            return TYPES.get(name, Any)
    return Any


def _docstring(tool: dict[str, Any], properties: dict[str, dict[str, Any]]) -> str:
    """The description, and Google's form for the arguments, which every framework reads."""
    description = inspect.cleandoc(tool["description"] or tool["name"])
    lines = [f"    {key}: {_described(schema)}" for key, schema in properties.items()]
    return "\n".join([description, "", "Args:", *lines]) if lines and "Args:" not in description else description


def _described(schema: dict[str, Any]) -> str:
    description = " ".join(str(schema.get("description") or schema.get("title") or "").split())
    nested = _annotation(schema) is Any or "properties" in json.dumps(schema)
    return f"{description} JSON schema: {json.dumps(schema)}".strip() if nested else description


def _identifier(name: str) -> str:
    clean = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"{clean}_" if keyword.iskeyword(clean) or clean[:1].isdigit() else clean


def _text(result: dict[str, Any]) -> str:
    return "\n".join(_block(block) for block in result["content"]) or "(nothing)"


def _block(block: dict[str, Any]) -> str:
    resource = block.get("resource") or {}
    text = block.get("text", resource.get("text"))
    kind = block.get("mimeType") or resource.get("mimeType") or ""
    return str(text) if text is not None else f"({block['type']} {block.get('uri') or kind})"


def _innermost(error: BaseException) -> BaseException:
    """The error within the groups that the library's tasks wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


TOOLS = mcp_tools()
