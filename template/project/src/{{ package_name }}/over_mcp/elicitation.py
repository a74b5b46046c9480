"""What a run waits for, asked of the caller by MCP's elicitation: as a form, or as a page to open, where it has these.

It needs no session of MCP: the result of the call asks, and the caller makes the call again, with the answers and the
`requestState`, which is the run's session (https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr).
Before MCP 2026-07-28 a server asks over an open session, which this one has not: such callers use `resume`.
"""

import json
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from mcp import types

from ..errors import Refused
from ..runs.requests import parse
from ..server.service import Service
from ..tools.ask import Authorize

Json = dict[str, Any]
PRIMITIVES = {"string", "number", "integer", "boolean"}
KEYWORDS = {"type", "title", "description", "default", "enum", "minLength", "maxLength", "minimum", "maximum"}
FORMATS = {"email", "uri", "date", "date-time"}
"""What a field of a form may have: `PrimitiveSchemaDefinition` of MCP."""


def has_pages(capabilities: types.ClientCapabilities | None) -> bool:
    """Whether a caller opens the page of an address."""
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and elicitation.url is not None


def has_forms(capabilities: types.ClientCapabilities | None) -> bool:
    """Whether a caller can be asked. It names no mode if it is of the time when forms were the only one."""
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


@dataclass(frozen=True)
class Waiting:
    """The interrupts of a session by id, the arguments of the calls that wait; what it said last, if none waits."""

    session: str
    interrupts: dict[str, Json]
    arguments: dict[str, Json]
    said: str = ""

    def asked(self, capabilities: types.ClientCapabilities | None) -> types.InputRequiredResult | None:
        """A request for each interrupt; None where there is none, or one that this caller cannot be asked."""
        requests: types.InputRequests = {}
        for id, interrupt in self.interrupts.items():
            if (params := self._params(interrupt, capabilities)) is None:
                return None
            requests[id] = types.ElicitRequest(params=params)
        return types.InputRequiredResult(input_requests=requests, request_state=self.session) if requests else None

    def _params(
        self, interrupt: Json, capabilities: types.ClientCapabilities | None
    ) -> types.ElicitRequestURLParams | types.ElicitRequestFormParams | None:
        if interrupt["reason"] == Authorize.reason and has_pages(capabilities):
            address = interrupt["metadata"]["authorizationUrl"]
            return types.ElicitRequestURLParams(message=interrupt["message"], url=address)
        if not has_forms(capabilities) or (schema := self._form(interrupt)) is None:
            return None
        return types.ElicitRequestFormParams(message=interrupt["message"], requested_schema=schema)

    def entries(self, responses: types.InputResponses) -> list[Json]:
        """The answers as `resume` has them. What does not fit is found where that is read."""
        return [{"interruptId": id} | self._answer(id, response) for id, response in responses.items()]

    def _form(self, interrupt: Json) -> Json | None:
        """The fields of an answer. Those of an approval are its own, and the arguments that fit into a form."""
        schema = interrupt.get("responseSchema") or {}
        fields = {name: field for name, each in schema.get("properties", {}).items() if (field := _field(each))}
        required = schema.get("required", [])
        if not fields or not fields.keys() >= set(required):
            return None
        if interrupt["reason"] == "tool_call":
            edited = schema["properties"]["editedArgs"].get("properties", {})
            if edited.keys() & schema["properties"].keys():
                return None  # a form has one field of a name
            arguments = self.arguments.get(interrupt["toolCallId"], {})
            fields |= {name: field for name, value in arguments.items() if (field := _filled(edited.get(name), value))}
        return {"type": "object", "properties": fields, "required": required}

    def _answer(self, id: str, response: object) -> Json:
        if not isinstance(response, types.ElicitResult):
            raise Refused(400, "invalid_payload", f"The answer to {id} is not that of an elicitation.")
        reason = self.interrupts.get(id, {}).get("reason")
        approval = reason == "tool_call"
        if response.action == "cancel" or (response.action == "decline" and not approval):
            return {"status": "cancelled"}
        content = response.content or ({"approved": True} if reason == Authorize.reason else {})  # a page has no fields
        if approval:
            content = self._approval(id, {"approved": False} if response.action == "decline" else content)
        return {"status": "resolved", "payload": content if approval else _given(content)}

    def _approval(self, id: str, content: Json) -> Json:
        """An approval's own fields, and the arguments if one was edited."""
        interrupt = self.interrupts[id]
        fields = interrupt["responseSchema"]["properties"].keys()
        own = _given({name: value for name, value in content.items() if name in fields})
        arguments = self.arguments.get(interrupt["toolCallId"], {})
        edited = {name: value for name, value in content.items() if name not in fields}
        changed = any(name not in arguments or arguments[name] != value for name, value in edited.items())
        return own | ({"editedArgs": arguments | edited} if changed else {})


async def waiting(service: Service, session: str) -> Waiting:
    """What a session waits for, from its history."""
    async with service.events(parse({"history": True}, session, session)) as events:
        told = [json.loads(event) async for _, event in events]
    messages = next(event["messages"] for event in told if event["type"] == "MESSAGES_SNAPSHOT")
    calls = [call for message in messages for call in message.get("toolCalls") or []]
    interrupts = told[-1]["outcome"].get("interrupts", [])
    return Waiting(
        session,
        {interrupt["id"]: interrupt for interrupt in interrupts},
        {call["id"]: json.loads(call["function"]["arguments"]) for call in calls},
        str(messages[-1].get("content") or "") if messages and messages[-1]["role"] == "assistant" else "",
    )


def _given(content: Json) -> Json:
    """The fields that were filled in."""
    return {name: value for name, value in content.items() if value is not None}


def _filled(schema: Any, value: Any) -> Json | None:
    """The field of an argument, with its value, if a field can hold that."""
    field = _field(schema)
    fits = field is not None and Draft202012Validator(field).is_valid(value)
    return field | {"default": value} if field and fits else field


def _field(schema: Any) -> Json | None:
    """A property as a form may have it: a primitive, or one of some texts. None for what is more than that."""
    if not isinstance(schema, dict) or not isinstance(schema.get("type", ""), str):
        return None
    arms = [arm for arm in schema.get("anyOf", []) if not isinstance(arm, dict) or arm.get("type") != "null"]
    if not all(isinstance(arm, dict) and isinstance(arm.get("type", ""), str) for arm in arms):
        return None
    if len(arms) == 1:
        schema = {name: value for name, value in schema.items() if name not in ("anyOf", "default")} | arms[0]
    if all(isinstance(each, str) for each in schema.get("enum", [0])):
        schema = schema | {"type": "string"}
    elif "enum" in schema or schema.get("type") not in PRIMITIVES:
        return None
    field = {name: value for name, value in schema.items() if name in KEYWORDS}
    return field | ({"format": schema["format"]} if schema.get("format") in FORMATS else {})
