"""The agent: Google's Agent Development Kit (https://google.github.io/adk-docs), told in the parts of `contract.py`."""

import itertools
import json
import logging
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from google.adk.agents import LlmAgent
from google.adk.agents.invocation_context import LlmCallsLimitExceededError
from google.adk.agents.run_config import RunConfig, StreamingMode, ToolThreadPoolConfig  # type: ignore[attr-defined]
from google.adk.events import Event
from google.adk.models import BaseLlm
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.adk.telemetry import ContentCapturingMode, TelemetryConfig
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types
from google.genai.types import Blob, FinishReason, FunctionCall, FunctionResponse, UserContent

from .parts import (
    Attachment,
    Part,
    Prompt,
    Reasoning,
    Text,
    ToolCallArguments,
    ToolCallEnd,
    ToolCallStart,
    ToolResult,
    Usage,
)
from .errors import answer_too_long, turn_limit
from .prompt import SYSTEM_PROMPT
from .settings import Settings
from .tools import TOOLS

NAME = "assistant"
# No words of users in traces; and `stable`, because the other one copies all of an answer for each of its pieces.
TELEMETRY = TelemetryConfig(
    genai_semconv_stability_opt_in="stable", capture_message_content=ContentCapturingMode.NO_CONTENT
)

# ADK asks for this optional module in each run; where it is missing, that costs 10 ms of vain compiling.
sys.modules.setdefault("google.adk.agents.remote_a2a_agent", None)  # type: ignore[arg-type]

# What ADK logs of a failed run, `runs.py` logs too.
for noise in ("telemetry", "workflow"):
    logging.getLogger(f"google_adk.google.adk.{noise}").setLevel(logging.CRITICAL)


class Conversation:
    """What one session has said so far, and how it goes on."""

    def __init__(self, model: BaseLlm, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self._turns: list[list[Event]] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. Only a turn that succeeds is remembered: after a failure, the history is as before."""
        turn: list[Event] = []
        translation = Translation()
        try:
            async with aclosing(self._events(prompt)) as events:
                async for event in events:
                    if not event.partial:
                        turn.append(event)
                    for part in translation.parts(event):
                        yield part
        except LlmCallsLimitExceededError as error:
            raise turn_limit() from error
        self._turns.append(turn)
        while len(self._turns) > 1 and sum(map(len, self._turns)) > self._settings.max_history:
            self._turns.pop(0)

    async def _events(self, prompt: Prompt) -> AsyncGenerator[Event]:
        sessions = InMemorySessionService()
        session = await sessions.create_session(app_name=NAME, user_id=NAME)
        for event in itertools.chain.from_iterable(self._turns):
            await sessions.append_event(session, event)
        runner = Runner(app_name=NAME, agent=self._agent(), session_service=sessions)
        events = runner.run_async(
            user_id=session.user_id,
            session_id=session.id,
            new_message=UserContent([*map(_file, prompt.attachments), prompt.text]),
            run_config=self._run_config(),
            yield_user_message=True,
        )
        async with aclosing(events):
            async for event in events:
                yield event

    def _agent(self) -> LlmAgent:
        return LlmAgent(
            name=NAME,
            model=self._model,
            instruction=lambda _context: SYSTEM_PROMPT,  # a plain string would be searched for {placeholders}
            tools=[*TOOLS],
            on_tool_error_callback=_explain,
        )

    def _run_config(self) -> RunConfig:
        return RunConfig(
            streaming_mode=StreamingMode.SSE,
            max_llm_calls=self._settings.max_turns,
            telemetry=TELEMETRY,
            tool_thread_pool_config=ToolThreadPoolConfig(max_workers=self._settings.max_runs),
        )


class Translation:
    """Reads ADK's events. A failure is one of them, and passed over: it is raised too."""

    def __init__(self) -> None:
        self._started: set[str] = set()
        self._ended: set[str] = set()

    def parts(self, event: Event) -> Iterator[Part]:
        """The parts in one event of `Runner.run_async`: pieces while it is `partial`, then all of them once more."""
        if event.finish_reason == FinishReason.MAX_TOKENS:
            raise answer_too_long()
        if event.partial:
            yield from _texts(event)
            for call in event.get_function_calls():
                yield from self._piece(call, call.id or "", call.name or "")
        else:
            for call in event.get_function_calls():
                yield from self._whole(call, call.id or "", call.name or "")
            yield from (ToolResult(answer.id or "", _content(answer)) for answer in event.get_function_responses())
            yield from _usage(event)

    def _piece(self, call: FunctionCall, id: str, name: str) -> Iterator[Part]:
        if call.will_continue and id not in self._started:
            self._started.add(id)
            yield ToolCallStart(id, name)
        for argument in call.partial_args or []:
            if not argument.json_path:  # then it is a piece of the JSON text
                yield ToolCallArguments(id, argument.string_value or "")
        if call.will_continue is False:
            self._ended.add(id)
            yield ToolCallEnd(id)

    def _whole(self, call: FunctionCall, id: str, name: str) -> Iterator[Part]:
        if id in self._ended:
            return
        if id not in self._started:
            yield ToolCallStart(id, name)
        yield ToolCallArguments(id, json.dumps(call.args or {}))
        yield ToolCallEnd(id)


def _file(attachment: Attachment) -> types.Part:
    # Bedrock wants a name that no other document of the conversation has.
    name = f"document-{uuid4()}"
    return types.Part(inline_data=Blob(data=attachment.data, mime_type=attachment.media_type, display_name=name))


def _texts(event: Event) -> Iterator[Reasoning | Text]:
    parts = event.content.parts if event.content else None
    return (Reasoning(part.text) if part.thought else Text(part.text) for part in parts or [] if part.text)


def _content(response: FunctionResponse) -> str:
    """What the tool returned: ADK wraps it, as `result`, or as `error` when the call could not be made."""
    values = response.response or {}
    return str(values.get("result", values.get("error", "")))


def _usage(event: Event) -> Iterator[Usage]:
    if tokens := event.usage_metadata:
        read = (tokens.prompt_token_count or 0) + (tokens.tool_use_prompt_token_count or 0)
        yield Usage(read, (tokens.candidates_token_count or 0) + (tokens.thoughts_token_count or 0))


def _explain(_tool: BaseTool, _arguments: dict[str, Any], _context: ToolContext, error: Exception) -> dict[str, str]:
    """A call of a tool that does not exist is a result that the model reads."""
    return {"error": str(error)}
