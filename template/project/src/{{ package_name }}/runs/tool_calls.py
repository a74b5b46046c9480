"""The tool calls of one run: those that run, and those that wait for a person or for the client."""

import asyncio
import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from ag_ui.core import Interrupt, StateDeltaEvent

from ..conversation.conversation import Turn
from ..conversation.history import Call, call_of, text_of
from ..tools import TOOLS
from ..tools.approval import Approve
from ..tools.ask import Ask, Authorize
from ..tools.files import File, Files, giving, with_files
from ..tools.progress import CurrentCall, current_call
from ..tools.results import readable
from ..tools.state import changes, current_state
from ..tools.toolbox import Tool, Workers
from . import parts
from .events import RunEvents, event_json

SETTLE_SECONDS = 0.01
"""Frameworks tell calls through queues: before a run pauses, what they hold has come."""
TO_RUN = {Approve.reason, Authorize.reason}
"""Reasons of interrupts whose tool runs once the user has allowed it."""
UNKNOWN_OUTCOME = "Error: the call was interrupted. Nobody knows whether it had an effect."


@dataclass
class ToolCalls:
    """Runs tools, tells their results, and knows when a run has nothing left but to wait."""

    events: RunEvents
    tell: Callable[[parts.Part | str], None]
    stop: Callable[[], None]
    workers: Workers
    names: Collection[str]
    """Those of the tools that there are."""
    answer_seconds: float
    paused: bool = False
    """Whether every call that has no result waits for one from outside."""
    _files: Files = field(default_factory=Files)
    _begun: set[str] = field(default_factory=set)
    _waiting: dict[str, Interrupt | None] = field(default_factory=dict)

    @property
    def interrupts(self) -> list[Interrupt]:
        """What people are asked."""
        return [interrupt for interrupt in self._waiting.values() if interrupt]

    @property
    def client_calls(self) -> list[str]:
        """The calls of the client's tools."""
        return [call_id for call_id, interrupt in self._waiting.items() if not interrupt]

    async def make(self, tool: Tool, arguments: dict[str, Any], call_id: str) -> str:
        """What a framework's call of a tool returns; a call that waits never does, and is cancelled with the run."""
        call_id = call_id or self._oldest(tool.name, arguments)
        self._begun.add(call_id)
        if tool.function is None:
            return await self._wait(call_id, None)
        return await self._run(tool, arguments, call_id)

    async def _run(self, tool: Tool, arguments: dict[str, Any], call_id: str, *, is_approved: bool = False) -> str:
        assert tool.function
        try:
            checked = tool.arguments(arguments)
        except ValueError as error:
            return self._done(call_id, f"Error: {error}")
        if tool.approval and not is_approved and tool.approval.needed(checked):
            return await self._wait(call_id, tool.approval.ask(checked, tool.parameters))
        state = current_state.get()
        before = copy.deepcopy(state)
        current_call.set(CurrentCall(call_id, self.tell))
        giving.set(partial(self._files.add, call_id))
        result = await self.workers.run(tool.function, checked)
        again = isinstance(result, Ask) and result.reason in TO_RUN
        files = self._files.of(call_id) if not again else []  # which will give them then
        for file in files:
            self.tell(parts.GivenFile(call_id, file))
        if delta := changes(before, state):
            self.tell(event_json(StateDeltaEvent.model_validate({"delta": delta})))
        if not isinstance(result, Ask):
            return self._done(call_id, with_files(result, files), files)
        if again:
            result.metadata["arguments"] = arguments  # which a person may have edited before
        return await self._wait(call_id, result)

    def _done(self, call_id: str, result: str, files: Sequence[File] = ()) -> str:
        self.tell(parts.ToolResult(call_id, result, tuple(files)))
        return result

    def _oldest(self, name: str, arguments: dict[str, Any]) -> str:
        """The id of the oldest such call that has not begun, for frameworks that do not say which they make."""
        calls = (call_of(call) for id, call in self.events.unanswered.items() if id not in self._begun)
        return next((call.id for call in calls if (call.name, call.arguments) == (name, arguments)), "")

    async def _wait(self, call_id: str, ask: Ask | None) -> str:
        """Wait for a person's answer, or for the client's result."""
        self._waiting[call_id] = self._interrupt(ask, call_id) if ask else None
        told = -1
        while True:
            if told == self.events.count:
                self._settle()
            told = self.events.count
            await asyncio.sleep(SETTLE_SECONDS)

    def _settle(self) -> None:
        """Pause, if nothing is left but to wait. A call of a tool that does not exist needs nobody: it has failed."""
        for call_id, call in list(self.events.unanswered.items()):
            if call.function.name not in self.names:
                self._done(call_id, f"Error: there is no tool {call.function.name}.")
        if self.events.unanswered.keys() == self._waiting.keys():
            self.paused = True
            self.stop()

    def _interrupt(self, ask: Ask, call_id: str) -> Interrupt:
        expires = datetime.now(UTC) + timedelta(seconds=self.answer_seconds)
        return Interrupt(
            id=str(uuid4()),
            reason=ask.reason,
            message=ask.message,
            tool_call_id=call_id,
            response_schema=ask.schema,
            expires_at=expires.isoformat(timespec="seconds"),
            metadata=ask.metadata or None,
        )

    async def answer(self, turn: Turn) -> None:
        """Give the calls that waited their results: from the client's tools, from people, or from tools approved."""
        for message in turn.results:
            error = f"Error: {message.error}\n" if message.error else ""
            self._done(message.tool_call_id, error + readable(text_of(message)))
        await asyncio.gather(*(self._answered(call_of(call), turn) for call in list(self.events.unanswered.values())))

    async def _answered(self, call: Call, turn: Turn) -> str:
        if call.id not in turn.answers:
            return self._done(call.id, UNKNOWN_OUTCOME)
        interrupt, entry = turn.answers[call.id]
        if entry.status == "cancelled":
            return self._done(call.id, "Error: the user cancelled this.")
        if interrupt.reason not in TO_RUN:
            return self._done(call.id, readable(entry.payload))
        answer: dict[str, Any] = entry.payload or {}
        if not answer["approved"]:
            reason = answer.get("reason", "")
            return self._done(call.id, f"Error: the user declined this{': ' if reason else '.'}{reason}")
        tool = next((tool for tool in TOOLS if tool.function and tool.name == call.name), None)
        if tool is None:
            return self._done(call.id, f"Error: there is no tool {call.name}.")
        asked_of = (interrupt.metadata or {}).get("arguments", call.arguments)
        return await self._run(tool, answer.get("editedArgs", asked_of), call.id, is_approved=True)
