"""The requests of callers, checked before a stream starts: the model is never called for a bad request."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar
from uuid import uuid4

from ag_ui.core import Context, Message, ResumeEntry, RunAgentInput, UserMessage
from ag_ui.core import Tool as ClientTool
from jsonschema import Draft202012Validator, SchemaError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import Refused, problems
from ..tools import TOOLS
from ..tools.toolbox import Tool

ID = re.compile(r"[!-~]{1,256}")
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MAX_RUN_ID = 256
MAX_CLIENT_TOOLS = 128
MAX_SCHEMA_BYTES = 262_144
MAX_SUBSCHEMAS = 5000
"""Each takes a fraction of a millisecond to check."""
NO_PARAMETERS = {"type": "object", "properties": {}}
Model = TypeVar("Model", bound=BaseModel)


class Follow(BaseModel):
    """Read a run's events again, those after number `after`."""

    model_config = ConfigDict(extra="forbid")
    run_id: str = Field(alias="runId")
    after: int = Field(default=0, ge=0, strict=True)


class Cancel(BaseModel):
    """End a run, or whatever the session does or waits for."""

    model_config = ConfigDict(extra="forbid")
    run_id: str | None = Field(default=None, alias="runId")


class Options(BaseModel):
    """What a request may say beside its messages. In an AG-UI input, those in `OURS` stand in `forwardedProps`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    resume: list[ResumeEntry] = []
    context: list[Context] = []
    state: dict[str, Any] | None = None
    background: bool = Field(default=False, strict=True)
    follow: Follow | None = None
    cancel: Cancel | None = None
    history: bool = Field(default=False, strict=True)

    @property
    def is_command(self) -> bool:
        """Whether something else than a run is asked."""
        return any(getattr(self, name) for name in COMMANDS)


COMMANDS = ("follow", "cancel", "history")
OURS = {"background", *COMMANDS}


class Request(Options):
    """What is asked of one session: a run, unless `follow`, `cancel` or `history` says otherwise."""

    session_id: str
    thread_id: str
    run_id: str
    parent_run_id: str | None = None
    messages: Sequence[Message] = ()
    tools: Sequence[Tool] = ()


def parse(payload: Any, session_id: str | None, new_session_id: str) -> Request:
    """What a request asks for.

    `payload` is the simple form, `{"prompt": "…"}`, or an AG-UI `RunAgentInput`. The session is `session_id`
    (AgentCore's header), else the input's `threadId`, else `new_session_id`. Raises `Refused` (400) with a stable code.
    """
    if not isinstance(payload, dict):
        raise Refused(400, "not_an_object", 'The body must be a JSON object such as {"prompt": "Hello"}.')
    if "messages" in payload or "threadId" in payload:
        return _from_run_input(payload, session_id)
    prompt = payload.get("prompt")
    options = _options({name: value for name, value in payload.items() if name != "prompt"}, "invalid_request")
    session = checked_session(session_id or new_session_id)
    if options.resume or options.is_command:
        messages = []
        if prompt is not None:
            raise Refused(400, "invalid_prompt", "`prompt` asks a new question: it cannot stand beside this field.")
    elif isinstance(prompt, str) and prompt.strip():
        messages = [UserMessage(id=str(uuid4()), content=prompt)]
    else:
        raise Refused(400, "invalid_prompt", "`prompt` must be text, and not blank.")
    return Request(session_id=session, thread_id=session, run_id=str(uuid4()), messages=messages, **dict(options))


def _from_run_input(payload: dict[str, Any], session_id: str | None) -> Request:
    run = _valid(RunAgentInput, payload, "invalid_run_input")
    if misplaced := payload.keys() & {"prompt", *OURS}:  # other fields may be those of a later version of AG-UI
        place = "`messages`" if "prompt" in misplaced else "`forwardedProps`"
        raise Refused(400, "invalid_run_input", f"`{max(misplaced)}` stands beside `messages`: it belongs in {place}.")
    if not isinstance(props := run.forwarded_props or {}, dict):
        raise Refused(400, "invalid_run_input", "`forwardedProps` must be a JSON object.")
    if misplaced := props.keys() & {"prompt", "resume"}:
        raise Refused(400, "invalid_run_input", f"`{min(misplaced)}` does not belong in `forwardedProps`.")
    ours = {name: value for name, value in props.items() if name in OURS}
    rest = {"resume": payload.get("resume") or [], "context": payload.get("context") or [], "state": run.state}
    options = _options(rest | ours, "invalid_run_input")
    if max(len(run.run_id), len(run.parent_run_id or "")) > MAX_RUN_ID:
        raise Refused(400, "invalid_run_input", f"`runId` and `parentRunId` have {MAX_RUN_ID} characters at most.")
    thread = checked_session(run.thread_id)
    return Request(
        session_id=checked_session(session_id or thread),
        thread_id=thread,
        run_id=run.run_id,
        parent_run_id=run.parent_run_id,
        messages=run.messages,
        tools=_client_tools(run.tools or []),
        **dict(options),
    )


def _options(given: dict[str, Any], code: str) -> Options:
    """A command stands alone: one of the two would be ignored."""
    options = _valid(Options, given, code)
    said = [name for name in (*COMMANDS, "resume", "background") if getattr(options, name)]
    if options.is_command and len(said) > 1:
        raise Refused(400, code, f"`{said[0]}` stands alone, and not beside `{said[1]}`.")
    return options


def _client_tools(tools: list[ClientTool]) -> list[Tool]:
    """The tools that the client brings, and runs itself."""
    text = json.dumps([tool.parameters for tool in tools])
    if len(text) > MAX_SCHEMA_BYTES or sum(map(text.count, ("{", "[", "true", "false"))) > MAX_SUBSCHEMAS:
        message = f"The parameters of all tools may have {MAX_SCHEMA_BYTES} bytes and {MAX_SUBSCHEMAS} subschemas."
        raise Refused(400, "invalid_tools", message)
    own = {tool.name for tool in TOOLS}
    names = [tool.name for tool in tools]
    if len(tools) > MAX_CLIENT_TOOLS:
        raise Refused(400, "invalid_tools", f"There are {len(tools)} tools: {MAX_CLIENT_TOOLS} are the most.")
    for tool in tools:
        if not TOOL_NAME.fullmatch(tool.name) or names.count(tool.name) > 1:
            raise Refused(400, "invalid_tools", "A tool's name is unique, of 1 to 64 letters, digits, `_` and `-`.")
        if tool.name in own:
            raise Refused(400, "tool_name_taken", f"The agent has a tool {tool.name} of its own.")
        if tool.parameters and not is_object_schema(json.dumps(tool.parameters)):
            message = f"The parameters of {tool.name} are no JSON schema of an object, complete in itself."
            raise Refused(400, "invalid_tools", message)
    return [Tool(tool.name, tool.description or tool.name, tool.parameters or NO_PARAMETERS) for tool in tools]


@lru_cache
def is_object_schema(text: str) -> bool:
    """Whether the JSON is a schema of an object that refers to nothing outside of itself."""
    schema = json.loads(text)
    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError):
        return False
    is_object = isinstance(schema, dict) and schema.get("type") == "object"
    return is_object and all(ref.startswith("#") for ref in _references(schema))


def _references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [value for key, value in schema.items() if key in ("$ref", "$dynamicRef") and isinstance(value, str)]
        return own + [ref for value in schema.values() for ref in _references(value)]
    return [ref for item in schema for ref in _references(item)] if isinstance(schema, list) else []


def checked_session(session_id: str) -> str:
    """A session id. Raises `Refused` where it does not have the form of one."""
    if not ID.fullmatch(session_id):
        raise Refused(400, "invalid_session", "A session id is 1 to 256 printable ASCII characters, without spaces.")
    return session_id


def _valid(model: type[Model], payload: Any, code: str) -> Model:
    try:
        return model.model_validate(payload)
    except (ValidationError, RecursionError) as error:
        problem = problems(error, most=1) if isinstance(error, ValidationError) else "nested too deeply"
        raise Refused(400, code, f"The body is not what this agent takes: {problem}.") from error
