"""The agent: Google ADK (https://google.github.io/adk-docs), told in the parts of `runs/parts.py`."""

import json
import logging
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.agents.invocation_context import LlmCallsLimitExceededError
from google.adk.agents.run_config import RunConfig, StreamingMode  # type: ignore[attr-defined]
from google.adk.events import Event
from google.adk.models import BaseLlm
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.adk.telemetry import ContentCapturingMode, TelemetryConfig
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types
from google.genai.types import Blob, Content, FunctionCall, FunctionDeclaration, FunctionResponse

from .conversation.history import Answer, Attachment, Prompt, Question, Result, Results, Step
from .errors import Failure
from .model import signature, signed
from .runs.parts import (
    Part,
    Reasoning,
    ReasoningSignature,
    Text,
    ToolCallArguments,
    ToolCallEnd,
    ToolCallStart,
    ToolResult,
)
from .settings import Settings
from .tools.toolbox import Tool

NAME = "assistant"
# No words of users in traces; and `stable`, because the other one copies all of an answer for each of its pieces.
TELEMETRY = TelemetryConfig(
    genai_semconv_stability_opt_in="stable", capture_message_content=ContentCapturingMode.NO_CONTENT
)

# ADK asks for this optional module in each run; where it is missing, that costs 10 ms of vain compiling.
sys.modules.setdefault("google.adk.agents.remote_a2a_agent", None)  # type: ignore[arg-type]

# What ADK logs of a failed run, `runs/run.py` logs too.
for noise in ("telemetry", "workflow"):
    logging.getLogger(f"google_adk.google.adk.{noise}").setLevel(logging.CRITICAL)


async def answer(prompt: Prompt, model: BaseLlm, settings: Settings) -> AsyncGenerator[Part]:
    """Go on from the prompt until the model has nothing more to call."""
    translation = Translation()
    try:
        async with aclosing(_events(prompt, model, settings)) as events:
            async for event in events:
                for part in translation.parts(event):
                    yield part
    except LlmCallsLimitExceededError as error:
        raise Failure("turn_limit") from error


async def _events(prompt: Prompt, model: BaseLlm, settings: Settings) -> AsyncGenerator[Event]:
    sessions = InMemorySessionService()
    session = await sessions.create_session(app_name=NAME, user_id=NAME)
    *past, last = prompt.steps
    for step in past:
        await sessions.append_event(session, _event(step))
    runner = Runner(app_name=NAME, agent=_agent(prompt, model), session_service=sessions)
    config = RunConfig(streaming_mode=StreamingMode.SSE, max_llm_calls=settings.max_turns, telemetry=TELEMETRY)
    events = runner.run_async(user_id=NAME, session_id=session.id, new_message=_content(last), run_config=config)
    async with aclosing(events):
        async for event in events:
            yield event


def _agent(prompt: Prompt, model: BaseLlm) -> LlmAgent:
    return LlmAgent(
        name=NAME,
        model=model,
        instruction=lambda _context: prompt.instructions,  # a plain string would be searched for {placeholders}
        tools=[OurTool(tool) for tool in prompt.tools],
    )


class OurTool(BaseTool):
    """A tool, as ADK calls it."""

    def __init__(self, tool: Tool) -> None:
        super().__init__(name=tool.name, description=tool.description)
        self._tool = tool

    def _get_declaration(self) -> FunctionDeclaration:
        """ADK asks for it here: it has no public way."""
        tool = self._tool
        return FunctionDeclaration(name=tool.name, description=tool.description, parameters_json_schema=tool.parameters)

    async def run_async(self, *, args: dict[str, Any], tool_context: ToolContext) -> str:
        """What the tool returns."""
        return await self._tool.call(args, tool_context.function_call_id or "")


class Translation:
    """Reads ADK's events. A failure is one of them, and passed over: it is raised too."""

    def __init__(self) -> None:
        self._started: set[str] = set()
        self._ended: set[str] = set()
        self._signed: set[str] = set()

    def parts(self, event: Event) -> Iterator[Part]:
        """The parts in one event of `Runner.run_async`: pieces while it is `partial`, then all of them once more."""
        for part in (event.content and event.content.parts) or []:
            if event.partial and part.text:
                yield Reasoning(part.text) if part.thought else Text(part.text)
            yield from self._signature(part)
            if part.function_call:
                call, id, name = part.function_call, part.function_call.id or "", part.function_call.name or ""
                yield from self._piece(call, id, name) if event.partial else self._whole(call, id, name)
            if part.function_response:
                yield ToolResult(part.function_response.id or "", _text(part.function_response))
        if not event.partial:
            self._signed.clear()

    def _signature(self, part: types.Part) -> Iterator[Part]:
        if (value := signature(part)) and value not in self._signed:
            self._signed.add(value)
            yield ReasoningSignature(value)

    def _piece(self, call: FunctionCall, id: str, name: str) -> Iterator[Part]:
        """Part of a call. Some models' pieces are values within its arguments: such calls are told as a whole."""
        for piece in call.partial_args or []:
            if piece.json_path:
                continue
            if id not in self._started:
                self._started.add(id)
                yield ToolCallStart(id, name)
            yield ToolCallArguments(id, piece.string_value or "")
        if call.will_continue is False and id in self._started:
            self._ended.add(id)
            yield ToolCallEnd(id)

    def _whole(self, call: FunctionCall, id: str, name: str) -> Iterator[Part]:
        if id not in self._ended:
            yield ToolCallStart(id, name)
            yield ToolCallArguments(id, json.dumps(call.args or {}))
            yield ToolCallEnd(id)


def _text(response: FunctionResponse) -> str:
    """What the tool returned: ADK wraps it, as `result`, or as `error` when the call could not be made."""
    values = response.response or {}
    return str(values["result"]) if "result" in values else f"Error: {values.get('error')}"


def _event(step: Step) -> Event:
    """An event with another author than its agent would be rewritten as something that the user told."""
    return Event(
        author="user" if isinstance(step, Question) else NAME,
        invocation_id=NAME,
        content=_content(step),
    )


def _content(step: Step) -> Content:
    if isinstance(step, Question):
        return Content(role="user", parts=[*map(_file, step.attachments), types.Part(text=step.text)])
    if isinstance(step, Results):
        return Content(role="user", parts=[*map(_result, step.results)])
    return Content(role="model", parts=signed(_said(step), step.thoughts))


def _said(step: Answer) -> list[types.Part]:
    calls = (FunctionCall(id=call.id, name=call.name, args=call.arguments) for call in step.calls)
    text = [types.Part(text=step.text)] if step.text else []
    return [*text, *(types.Part(function_call=call) for call in calls)]


def _result(result: Result) -> types.Part:
    response = {"result": result.content}
    return types.Part(function_response=FunctionResponse(id=result.call.id, name=result.call.name, response=response))


def _file(attachment: Attachment) -> types.Part:
    data, type = attachment.data, attachment.media_type
    return types.Part(inline_data=Blob(data=data, mime_type=type, display_name=attachment.name))
