"""The agent, its conversations kept in AgentCore Memory: they outlive the microVM that held them.

`MEMORY_ID` names the memory. Without it, as on your machine, a conversation lives as long as the process. Messages have
the form that bedrock-agentcore's session manager for Strands gives them; here a turn is one event, kept when complete.
"""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import boto3
from bedrock_agentcore.memory.integrations.strands.bedrock_converter import AgentCoreMemoryConverter as Converter
from bedrock_agentcore.runtime.context import BedrockAgentCoreContext
from botocore.exceptions import BotoCoreError, ClientError
from strands.models import Model
from strands.types.content import Message
from strands.types.session import SessionMessage

from . import turns
from .contract import Part, Prompt
from .errors import Failure
from .settings import Settings

Result = TypeVar("Result")
ACTOR = "caller"  # AgentCore Memory keeps events by actor and session; session ids tell callers apart already


class Conversation(turns.Conversation):
    """What one session has said so far, in this process or before."""

    def __init__(self, model: Model, settings: Settings) -> None:
        super().__init__(model, settings)
        self._known = "MEMORY_ID" not in os.environ

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. A turn is kept once it has succeeded; one that can't be kept has failed."""
        if not self._known:
            self._messages, self._known = await _ask(_read), True
        before = self._messages
        async with aclosing(super().stream(prompt)) as parts:
            async for part in parts:
                yield part
        if "MEMORY_ID" in os.environ:
            said, self._messages = self._messages, before
            old = {id(message) for message in before}
            await _ask(_write, [message for message in said if id(message) not in old])
            self._messages = said


async def _ask(call: Callable[..., Result], *arguments: Any) -> Result:
    """What the memory answers to this session, from a thread."""
    place = {
        "memoryId": os.environ["MEMORY_ID"],
        "actorId": ACTOR,
        "sessionId": BedrockAgentCoreContext.get_session_id(),
    }
    try:
        return await asyncio.to_thread(call, place, *arguments)
    except (BotoCoreError, ClientError) as error:
        raise Failure("memory_failed", "The agent's memory failed. The log has the details.") from error


@cache
def _client() -> Any:
    return boto3.client("bedrock-agentcore", region_name=os.environ.get("AWS_REGION"))


def _read(place: dict[str, str]) -> list[Message]:
    """The session's messages, oldest first. The service lists the newest event first, as the converter expects."""
    pages = _client().get_paginator("list_events").paginate(**place, includePayloads=True)
    events = [event for page in pages for event in page["events"]]
    return [message.to_message() for message in Converter.events_to_messages(events)]


def _write(place: dict[str, str], messages: list[Message]) -> None:
    payload = [_payload(SessionMessage.from_message(message, index)) for index, message in enumerate(messages)]
    _client().create_event(**place, eventTimestamp=datetime.now(UTC), payload=payload)


def _payload(message: SessionMessage) -> dict[str, Any]:
    [(text, role)] = Converter.message_to_payload(message)
    if Converter.exceeds_conversational_limit((text, role)):
        return {"blob": json.dumps([text, role])}
    return {"conversational": {"content": {"text": text}, "role": role.upper()}}
