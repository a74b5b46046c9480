"""Runs whose answer has the form of `result.py`. The model gives it by calling a tool, alone, and that ends the run."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, ClassVar

from ag_ui.core import AssistantMessage, ToolCall
from pydantic import ValidationError

from ..conversation import history
from ..conversation.conversation import Conversation, Turn
from ..conversation.history import NO_ANSWER, Prompt, Question, calls_of
from ..errors import BadSetting, Failure, Refused, problems
from ..result import Answer
from ..tools import TOOLS
from ..tools.toolbox import Schema, Tool, distinct
from .parts import Part
from .requests import Request
from .run import Run, Runtime
from .tool_calls import SETTLE_SECONDS, ToolCalls

logger = logging.getLogger(__name__)

NAME = "give_answer"
INSTRUCTIONS = f"End every turn by calling {NAME}, on its own, once all other tools have answered."
REMINDER = f"Give this answer by calling {NAME}."
GIVEN = "The user has this answer."
ALONE = f"Call {NAME} on its own, once all other tools have answered."
TRIES = 2


def checked(given: dict[str, Any]) -> dict[str, Any]:
    """The answer as JSON. Raises `ValueError` where it does not have the form."""
    try:
        return Answer.model_validate_json(json.dumps(given)).model_dump(mode="json", by_alias=True)
    except ValidationError as error:
        raise ValueError(f"The answer does not have the form asked for: {problems(error)}") from error


def _tool() -> Tool:
    schema = Answer.model_json_schema(schema_generator=Schema)
    if schema.get("type") != "object":
        raise BadSetting("result.py", "the schema of Answer must be that of an object, with fields.")
    return Tool(NAME, f"{schema.pop('description', 'The answer.')} {INSTRUCTIONS}", schema, arguments=checked)


TOOL = _tool()
distinct([*TOOLS, TOOL])


class ResultCalls(ToolCalls):
    """Takes the answer. One that does not fit is told to the model, which has one more try."""

    _refused: frozenset[str] = frozenset()

    async def make(self, tool: Tool, arguments: dict[str, Any], call_id: str) -> str:
        """As of any tool; but once the answer is taken, or refused for good, the call never returns."""
        if tool is not TOOL:
            return await super().make(tool, arguments, call_id)
        call_id = call_id or self._oldest(NAME, arguments)
        self._begun.add(call_id)
        message = await self._told(call_id)
        if problem := self._take(arguments, message.tool_calls or []):
            self._refused |= {message.id}
            result = self._done(call_id, f"Error: {problem}")
            if len(self._refused) < TRIES:
                return result
        else:
            self._done(call_id, GIVEN)
        self.stop()
        return await asyncio.Future[str]()

    async def _told(self, call_id: str) -> AssistantMessage:
        """The message that has the call, when all of it has come: frameworks tell calls through queues."""
        told = -1
        while told != self.events.count or call_id not in self.events.unanswered:
            told = self.events.count
            await asyncio.sleep(SETTLE_SECONDS)
        said = (message for message in self.events.messages if isinstance(message, AssistantMessage))
        return next(each for each in said if call_id in {call.id for call in each.tool_calls or []})

    def _take(self, arguments: dict[str, Any], calls: list[ToolCall]) -> str:
        """What is wrong with the answer; nothing, if it is taken."""
        if len(calls) > 1:
            return ALONE
        try:
            self.events.result = checked(arguments)
        except ValueError as error:
            return str(error)
        except Exception:
            logger.exception("an answer could not be checked")
            return "The answer could not be checked."
        return ""


class StructuredRun(Run):
    """A run that succeeds only with an answer of the form. A model that ends without one is reminded, once."""

    calls_type: ClassVar[type[ToolCalls]] = ResultCalls

    def __init__(self, request: Request, conversation: Conversation, turn: Turn, runtime: Runtime) -> None:
        if NAME in {tool.name for tool in request.tools}:
            raise Refused(400, "tool_name_taken", f"The agent has a tool {NAME} of its own.")
        super().__init__(request, conversation, turn, runtime)

    def _tools(self) -> tuple[Tool, ...]:
        return (*super()._tools(), TOOL)

    def _instructions(self) -> str:
        return f"{super()._instructions()}\n\n{INSTRUCTIONS}"

    def _prompt(self) -> Prompt:
        prompt = super()._prompt()
        steps = tuple(history.Answer(text=GIVEN) if step is NO_ANSWER else step for step in prompt.steps)
        reminder = [Question(REMINDER)] if isinstance(steps[-1], history.Answer) else []
        return replace(prompt, steps=(*steps, *reminder))

    async def _answer(self) -> AsyncGenerator[Part]:
        for _ in range(TRIES):
            async with aclosing(super()._answer()) as told:
                async for part in told:
                    yield part
            if self._model_calls.failure or self._events.unanswered:
                return
            self._close_messages()

    async def _last_events(self) -> list[str]:
        if not self.turn.messages:  # the same answers came again: so does the result
            given = [call for call in calls_of(self.turn.before) if call.function.name == NAME]
            self._events.result = checked(json.loads(given[-1].function.arguments)) if given else None
        return await super()._last_events()

    async def _succeeded(self) -> list[str]:
        if self._events.result is None and not self._events.unanswered:
            raise Failure("no_result", "The model gave no answer of the form asked for. Try again.")
        return await super()._succeeded()
