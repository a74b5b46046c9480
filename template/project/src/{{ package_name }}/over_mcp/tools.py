"""What callers find: `ask`, which is a run and tells it as progress, and the agent's own tools."""

import json
from contextlib import aclosing
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from bedrock_agentcore import BedrockAgentCoreContext
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from ..errors import Refused
from ..runs.events import FILE, content_of
from ..runs.requests import Request, parse
from ..server.request_body import read_json
from ..server.service import Service
from ..server.streaming import SESSION_HEADER
from ..settings import Settings
from ..tools import TOOLS
from ..tools.ask import Ask
from ..tools.files import Files, giving, with_files
from ..tools.state import current_state
from ..tools.toolbox import Tool, Workers
from .elicitation import waiting

Context = ServerRequestContext[Any, Any]
Result = types.CallToolResult | types.InputRequiredResult
ASK = "ask"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "prompt": {"type": "string", "description": "What to ask, in words."},
        "session": {"type": "string", "description": "The session to go on with, as an earlier answer names it."},
        "resume": {
            "type": "array",
            "items": {"type": "object"},
            "description": "In place of a prompt: answers to all interrupts of an earlier answer, "
            '[{"interruptId": "…", "status": "resolved", "payload": {…}}]; the payload fits its responseSchema.',
        },
    },
    "additionalProperties": False,
}


class Offered:
    """The tools of the server. `calls` is how many go on."""

    def __init__(self, service: Service, settings: Settings, description: str) -> None:
        self.calls = 0
        self._service = service
        self._workers = Workers(settings.tool_seconds, settings.max_tool_threads)
        self._ask_tool = types.Tool(name=ASK, description=f"Ask the agent. {description}", input_schema=SCHEMA)

    async def list(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """`tools/list`: all on one page."""
        own = [
            types.Tool(name=tool.name, description=tool.description, input_schema=tool.parameters)
            for tool in TOOLS
            if tool.function and tool.name != ASK
        ]
        return types.ListToolsResult(tools=[self._ask_tool, *own])

    async def call(self, context: Context, params: types.CallToolRequestParams) -> Result:
        """`tools/call`. A caller that leaves ends it."""
        self.calls += 1
        try:
            read_json(json.dumps(params.model_dump(), default=str))  # the library takes NaN, and halves of characters
            if params.name == ASK:
                return await self._ask(context, params)
            return await self._run(_found(params.name), params.arguments or {})
        except Refused as refused:
            return _refused(refused)
        finally:
            self.calls -= 1

    async def _ask(self, context: Context, params: types.CallToolRequestParams) -> Result:
        given = dict(params.arguments or {})
        if unknown := given.keys() - SCHEMA["properties"]:
            raise Refused(400, "invalid_request", f"`ask` has no argument {min(unknown)}.")
        header = context.request.headers.get(SESSION_HEADER) if context.request else None
        session = given.pop("session", header)
        if not isinstance(session, str | None):
            raise Refused(400, "invalid_session", "`session` must be text.")
        if params.input_responses is None:
            return await self._told(context, parse(given, session, str(uuid4())))
        session = params.request_state or session or str(uuid4())
        try:
            answers = (await waiting(self._service, session)).entries(params.input_responses)
            return await self._told(context, parse({"resume": answers}, session, session))
        except Refused as refused:
            return _refused(refused, session=session)

    async def _told(self, context: Context, request: Request) -> Result:
        """Run, and tell it as progress. What it waits for is asked of a caller that has forms."""
        BedrockAgentCoreContext.set_request_context(request.run_id, request.session_id)  # log_json reads them
        text, last, files = "", {}, []
        async with self._service.events(request) as events, aclosing(events):
            async for number, event in events:
                last = json.loads(event)
                if last.get("subagentRunId"):
                    continue
                files += [last["content"]] if last.get("activityType") == FILE else []
                text = "" if last["type"] == "TEXT_MESSAGE_START" else text + _delta(last)
                if message := _delta(last) or _call(last):
                    await context.session.report_progress(number, None, message)
        outcome = last.get("outcome", {}).get("type")
        if files or (outcome != "interrupt" and (text or outcome != "success")):  # a form would carry no files
            return _with(_answer(text, last, request.session_id), files)
        waits = await waiting(self._service, request.session_id)
        asked = waits.asked(context.session.client_capabilities)
        return asked or _answer(text or waits.said, last, request.session_id)  # the same answers again: as before

    async def _run(self, tool: Tool, arguments: dict[str, Any]) -> types.CallToolResult:
        """Run a tool, unless a person has to be asked, who is not here."""
        assert tool.function
        try:
            checked = tool.arguments(arguments)
        except ValueError as error:
            raise Refused(400, "invalid_arguments", str(error)) from error
        if tool.approval and tool.approval.needed(checked):
            asked = tool.approval.ask(checked, tool.parameters).message
            message = f"{tool.name} waits for a person: “{asked}” `{ASK}` has it approved."
            raise Refused(409, "approval_needed", message)
        current_state.set({})
        given = Files()
        giving.set(partial(given.add, tool.name))
        result = await self._workers.run(tool.function, checked)
        if isinstance(result, Ask):
            raise Refused(409, "answer_needed", f"{tool.name} asks a person: “{result.message}” Use `{ASK}`.")
        files = given.of(tool.name)
        answer = _result(with_files(result, files), None, is_error=result.startswith("Error: "))
        return _with(answer, [content_of(tool.name, file) for file in files])


def _found(name: str) -> Tool:
    for tool in TOOLS:
        if tool.name == name and tool.function:
            return tool
    raise MCPError(types.INVALID_PARAMS, f"There is no tool {name}.")


def _delta(event: dict[str, Any]) -> str:
    return str(event["delta"]) if event["type"] == "TEXT_MESSAGE_CONTENT" else ""


def _call(event: dict[str, Any]) -> str:
    return f"\n· {event['toolCallName']}\n" if event["type"] == "TOOL_CALL_START" else ""


def _answer(text: str, last: dict[str, Any], session: str) -> types.CallToolResult:
    """What a run comes to: its last text; or why there is none; or what is asked, and how to go on."""
    if last["type"] == "RUN_ERROR":
        return _result(last["message"], {"code": last["code"], "session": session}, is_error=True)
    outcome = last["outcome"]
    told = {"session": session, "outcome": outcome["type"]}
    if (result := last.get("result")) is not None:
        return _result(json.dumps(result, ensure_ascii=False), told | {"result": result})
    if outcome["type"] != "interrupt":
        return _result(text or "(no answer)", told, is_error=outcome["type"] != "success")
    asked = outcome["interrupts"]
    waits = f"{text}\n\nThe agent waits for answers: call `{ASK}` with this session, and `resume`.\n{json.dumps(asked)}"
    return _result(waits.strip(), told | {"interrupts": asked})


def _with(answer: types.CallToolResult, files: list[dict[str, Any]]) -> types.CallToolResult:
    answer.content += map(_block, files)
    return answer


def _block(file: dict[str, Any]) -> types.ContentBlock:
    """A file as MCP has it: an image, a sound, or a resource within the result."""
    (data,), kind, meta = file["data"], file["mediaType"], {"name": file["name"]}
    if kind.startswith("image/"):
        return types.ImageContent(data=data, mime_type=kind, _meta=meta)
    if kind.startswith("audio/"):
        return types.AudioContent(data=data, mime_type=kind, _meta=meta)
    uri = f"attachment:{quote(file['name'])}"
    return types.EmbeddedResource(resource=types.BlobResourceContents(uri=uri, mime_type=kind, blob=data), _meta=meta)


def _refused(refused: Refused, **more: str) -> types.CallToolResult:
    return _result(f"{refused.message} ({refused.code})", refused.body | more, is_error=True)


def _result(text: str, structured: dict[str, Any] | None, *, is_error: bool = False) -> types.CallToolResult:
    content = [types.TextContent(type="text", text=text)]
    return types.CallToolResult(content=list(content), structured_content=structured, is_error=is_error)
