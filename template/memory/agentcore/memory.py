"""Where conversations are kept: in AgentCore Memory, one event a turn. They outlive the microVM that held them.

`MEMORY_ID` names the memory. Without it, as on your machine, a conversation lives as long as the process.
`MEMORY_NAMESPACE` names what long-term strategies have found out about a caller, as `/facts/{actorId}`; it is given to
the model with each question. `MEMORY_ACTOR` says who the caller is: `claim:NAME` of the bearer token, which AgentCore
has checked, or `header:NAME`.
"""

import asyncio
import base64
import hashlib
import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import boto3
from ag_ui.core import Context, Message
from bedrock_agentcore import BedrockAgentCoreContext
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter

from .conversation.conversation import Conversation
from .conversation.history import text_of
from .errors import Failure

Result = TypeVar("Result")
NOBODY = "caller"  # session ids tell callers apart
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,99}")
MAX_TEXT = 100_000
RECORDS = 10
ROLES = {"user": "USER", "assistant": "ASSISTANT", "tool": "TOOL"}
MESSAGES: TypeAdapter[list[Message]] = TypeAdapter(list[Message])


async def read(session_id: str) -> Conversation:
    """What was kept of a session. Raises `Failure` where the memory does not answer."""
    if "MEMORY_ID" not in os.environ:
        return Conversation()
    return await _ask(_read, _place(session_id))


async def keep(session_id: str, conversation: Conversation) -> None:
    """Keep what is new in a conversation, after each turn. Raises `Failure` where the memory does not answer."""
    if "MEMORY_ID" in os.environ:
        await _ask(_write, _place(session_id), conversation)


async def recall(question: str) -> list[Context]:
    """What is known of the caller from other sessions."""
    namespace = os.environ.get("MEMORY_NAMESPACE")
    if "MEMORY_ID" not in os.environ or not namespace:
        return []
    if (actor := _actor()) == NOBODY:
        raise Failure("no_actor")
    texts = await _ask(_records, namespace.replace("{actorId}", actor), question)
    return [Context(description="Known about the user from before", value=text) for text in texts]


def _place(session_id: str) -> dict[str, str]:
    return {"memoryId": os.environ["MEMORY_ID"], "actorId": _actor(), "sessionId": _name(session_id)}


def _name(text: str) -> str:
    """The text, or what stands for it where AgentCore takes no such name."""
    return text if NAME.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()


def _actor() -> str:
    """Who calls, as `MEMORY_ACTOR` says."""
    kind, _, name = os.environ.get("MEMORY_ACTOR", "").partition(":")
    headers = {key.lower(): value for key, value in (BedrockAgentCoreContext.get_request_headers() or {}).items()}
    value = headers.get(name.lower()) if kind == "header" else _claims(headers.get("authorization", "")).get(name)
    return _name(str(value)) if value else NOBODY


def _claims(authorization: str) -> dict[str, Any]:
    """The claims of a bearer token. AgentCore lets no request in whose token is not genuine."""
    parts = authorization.removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


async def _ask(call: Callable[..., Result], *arguments: Any) -> Result:
    """What the memory answers, from a thread."""
    try:
        return await asyncio.to_thread(call, *arguments)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise Failure("memory_failed") from error


@cache
def _client() -> Any:
    return boto3.client("bedrock-agentcore", region_name=os.environ.get("AWS_REGION"))


def _read(place: dict[str, str]) -> Conversation:
    """The conversation that the session's events add up to. The service lists the newest event first."""
    pages = _client().get_paginator("list_events").paginate(**place, includePayloads=True)
    conversation = Conversation()
    for event in reversed([event for page in pages for event in page["events"]]):
        for blob in (json.loads(part["blob"]) for part in event["payload"] if "blob" in part):
            conversation = _added(conversation, blob)
    conversation.kept_ids = [message.id for message in conversation.messages]
    return conversation


def _added(conversation: Conversation, blob: dict[str, Any]) -> Conversation:
    """The conversation after one event: its messages follow the one named `after`."""
    ids = [message.id for message in conversation.messages]
    place = ids.index(blob["after"]) + 1 if blob["after"] in ids else 0
    messages = [*conversation.messages[:place], *MESSAGES.validate_python(blob["messages"])]
    return Conversation.model_validate({**blob["conversation"], "messages": messages})


def _write(place: dict[str, str], conversation: Conversation) -> None:
    """One event: the texts, which long-term strategies read, and all of it as it is."""
    new, after = _new(conversation)
    texts = [
        {"conversational": {"content": {"text": text[:MAX_TEXT]}, "role": ROLES[message.role]}}
        for message in new
        if message.role in ROLES and (text := text_of(message)).strip()
    ]
    rest = conversation.model_dump(by_alias=True, mode="json", exclude={"messages"})
    kept = {"after": after, "messages": MESSAGES.dump_python(new, by_alias=True, mode="json"), "conversation": rest}
    payload = [*texts[:99], {"blob": json.dumps(kept)}]
    _client().create_event(**place, eventTimestamp=datetime.now(UTC), payload=payload)
    conversation.kept_ids = [message.id for message in conversation.messages]


def _new(conversation: Conversation) -> tuple[list[Message], str | None]:
    """The messages that are not kept yet, and the id of the one before them."""
    ids = [message.id for message in conversation.messages]
    start = next((place for place, id in enumerate(conversation.kept_ids) if ids[:1] == [id]), 0)
    agreed = 0
    while agreed < len(ids) and ids[agreed] in conversation.kept_ids[start + agreed : start + agreed + 1]:
        agreed += 1
    return conversation.messages[agreed:], ids[agreed - 1] if agreed else None


def _records(namespace: str, question: str) -> list[str]:
    criteria = {"searchQuery": question[:10_000], "topK": RECORDS}
    found = _client().retrieve_memory_records(
        memoryId=os.environ["MEMORY_ID"], namespace=namespace, searchCriteria=criteria
    )
    return [record["content"]["text"] for record in found["memoryRecordSummaries"]]
