"""A session's messages so far, and the state from which its next run continues."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ag_ui.core import Interrupt, Message, ResumeEntry, ToolCall, ToolMessage, UserMessage
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from ..errors import Refused
from ..runs.requests import Request
from ..settings import Settings
from .client_history import check_order, checked, merged
from .history import calls_of, turns

MAX_FORGOTTEN = 1000


class Pause(BaseModel):
    """A turn that waits: for people, for the client's tools, or, once all is answered, for a run that goes on."""

    turn: list[Message]
    interrupts: list[Interrupt] = []
    client_calls: list[str] = []

    @property
    def waits(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self.client_calls) or any(not expired(interrupt) for interrupt in self.interrupts)


class Conversation(BaseModel):
    """All that is kept of a session."""

    messages: list[Message] = []
    """Whole turns."""
    state: dict[str, Any] = {}
    pause: Pause | None = None
    answered: list[ResumeEntry] = []
    """The answers to the interrupts before. The same ones again do nothing again."""
    kept_ids: list[str] = Field(default=[], exclude=True)
    """Ids of the messages that were kept last."""
    forgotten: list[str] = []
    """Ids of messages of turns that failed, which clients may still send."""

    def forget_pause(self) -> None:
        """Wait no longer: the turn that waited is forgotten."""
        if self.pause:
            self.forget(self.pause.turn)
            self.pause = None

    def forget(self, messages: Sequence[Message]) -> None:
        """Remember that these messages are forgotten."""
        self.forgotten = [*self.forgotten, *(message.id for message in messages)][-MAX_FORGOTTEN:]


@dataclass
class Turn:
    """One turn: `before` is what was said before it, `messages` what it has so far."""

    before: list[Message]
    messages: list[Message]
    answers: dict[str, tuple[Interrupt, ResumeEntry]] = field(default_factory=dict)
    """By call id: what was asked, and the answer."""
    results: list[ToolMessage] = field(default_factory=list)
    """What the client's tools returned."""

    @property
    def unanswered(self) -> dict[str, ToolCall]:
        """Its calls without a result."""
        done = {message.tool_call_id for message in self.messages if isinstance(message, ToolMessage)}
        return {call.id: call for call in calls_of(self.messages) if call.id not in done}


def begin(conversation: Conversation, request: Request, settings: Settings) -> Turn:
    """The turn that a request asks for. Changes nothing; raises `Refused` with a stable code.

    A turn without messages: the same answers were given, and the turn was finished, before.
    """
    sent = checked(request.messages, allow_instructions=settings.allow_client_instructions)
    sent = [message for message in sent if message.id not in conversation.forgotten]
    pause = conversation.pause
    if request.resume or (pause and pause.waits):
        return _gone_on(conversation, request.resume, sent)
    ours = conversation.messages
    if pause and sent and not isinstance(sent[-1], UserMessage):
        ours = [*ours, *pause.turn]  # it failed after its answers came, and is to go on
    elif pause:
        left = {message.id for message in pause.turn}
        sent = [message for message in sent if message.id not in left]
    messages = merged(ours, [message for message in sent if message.role not in ("system", "developer")])
    check_order(messages)
    *before, turn = turns(messages)
    return Turn([message for each in before for message in each], turn)


def _gone_on(conversation: Conversation, entries: Sequence[ResumeEntry], sent: list[Message]) -> Turn:
    """The turn that waited: every open interrupt has its answer now, and every call of a client's tool its result."""
    pause = conversation.pause or Pause(turn=[])
    asked = {interrupt.id: interrupt for interrupt in pause.interrupts}
    if entries and not asked and _plain(entries) == _plain(conversation.answered):
        return Turn(conversation.messages, list(pause.turn))
    results = [each for each in sent if isinstance(each, ToolMessage) and each.tool_call_id in pause.client_calls]
    if not entries and (asked or not results):
        raise _pending(pause)
    for entry in entries:
        if entry.interrupt_id not in asked:
            raise _not_asked(conversation, entry)
        _check_answer(asked[entry.interrupt_id], entry)
    given = sorted([*(entry.interrupt_id for entry in entries), *(message.tool_call_id for message in results)])
    if given != sorted([*asked, *pause.client_calls]):
        message = "Every open interrupt must be answered, and every pending tool call have its result, each once."
        raise Refused(400, "incomplete_resume", message)
    answers = {str(asked[entry.interrupt_id].tool_call_id): (asked[entry.interrupt_id], entry) for entry in entries}
    return Turn(conversation.messages, list(pause.turn), answers, results)


def _pending(pause: Pause) -> Refused:
    message = "This session waits: send `resume`, the results of the pending tool calls, or `cancel`."
    interrupts = [interrupt.model_dump(by_alias=True) for interrupt in pause.interrupts]
    return Refused(409, "interrupt_pending", message, interrupts=interrupts, pendingToolCallIds=pause.client_calls)


def _not_asked(conversation: Conversation, entry: ResumeEntry) -> Refused:
    if entry.interrupt_id in {each.interrupt_id for each in conversation.answered}:
        return Refused(409, "already_answered", f"Interrupt {entry.interrupt_id} was answered before.")
    return Refused(400, "unknown_interrupt", f"There is no interrupt {entry.interrupt_id} in this session.")


def _check_answer(interrupt: Interrupt, entry: ResumeEntry) -> None:
    if expired(interrupt):
        raise Refused(400, "interrupt_expired", f"The interrupt expired at {interrupt.expires_at}. Ask again.")
    if entry.status == "cancelled" or interrupt.response_schema is None:
        return
    if error := next(Draft202012Validator(interrupt.response_schema).iter_errors(entry.payload), None):
        place = ".".join(["payload", *map(str, error.path)])
        raise Refused(400, "invalid_payload", f"An answer does not fit its schema: {place}: {error.message[:200]}.")


def expired(interrupt: Interrupt) -> bool:
    """Whether its time is over."""
    return bool(interrupt.expires_at) and datetime.fromisoformat(str(interrupt.expires_at)) <= datetime.now(UTC)


def _plain(entries: Sequence[ResumeEntry]) -> list[str]:
    return sorted(json.dumps([each.interrupt_id, each.status, each.payload], sort_keys=True) for each in entries)
