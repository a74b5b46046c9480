"""The agent: CrewAI (https://docs.crewai.com), its stream told in the parts of `contract.py`."""

import asyncio
import itertools
import logging
import os
from asyncio import AbstractEventLoop
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import Future
from typing import Any

os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"
os.environ["CREWAI_TRACING_ENABLED"] = "false"

from crewai import Agent, BaseLLM
from crewai.events.event_listener import event_listener
from crewai.tools import tool

from .parts import Part, Prompt, Text, ToolCallArguments, ToolCallStart, ToolResult
from .errors import turn_limit
from .model import Model, question
from .prompt import SYSTEM_PROMPT
from .settings import Settings
from .tools import TOOLS

Message = dict[str, Any]

CREW_TOOLS: list[Any] = [tool(function.__name__)(function) for function in TOOLS]

event_listener.formatter.verbose = False  # or it prints boxes for every tool call, whatever `Agent.verbose` says
logging.getLogger("crewai.flow.runtime").setLevel(logging.CRITICAL)  # what it logs of a failed run, `runs.py` logs too


class Conversation:
    """What one session has said so far, and how it goes on."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self._turns: list[list[Message]] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. Only a turn that succeeds is remembered: after a failure, the history is as before."""
        loop = asyncio.get_running_loop()
        parts: asyncio.Queue[Part | None] = asyncio.Queue()
        turn = Turn(
            model=self._settings.model_id,
            client=self._model,
            loop=loop,
            history=[*itertools.chain.from_iterable(self._turns)],
            spoken=[question(prompt)],
            calls_left=self._settings.max_turns,
            tell=lambda part: loop.call_soon_threadsafe(parts.put_nowait, part),
        )
        answer = asyncio.create_task(asyncio.to_thread(_answer, turn, prompt.text))
        answer.add_done_callback(lambda _: parts.put_nowait(None))
        try:
            while part := await parts.get():
                yield part
            await answer
            self._remember(turn.spoken)
        finally:
            answer.cancel()
            turn.cancel()

    def _remember(self, messages: list[Message]) -> None:
        self._turns.append(messages)
        while len(self._turns) > 1 and sum(map(len, self._turns)) > self._settings.max_history:
            self._turns.pop(0)


class Turn(BaseLLM):
    """The model as CrewAI calls it during one turn, which tells each piece of the answer when it comes.

    `history` and `spoken`, what was said before this turn and since, are messages in the form of `client`.
    """

    client: Model
    loop: AbstractEventLoop
    history: list[Message]
    spoken: list[Message]
    calls_left: int
    tell: Callable[[Part], object]
    cancelled: bool = False
    waiting: Future[Any] | None = None
    failure: Exception | None = None

    def call(self, messages: Any, tools: Any = None, *_: Any, **__: Any) -> Any:
        """The text of the answer, or its tool calls."""
        try:
            return self._call(messages, tools or [])
        except Exception as error:
            self.failure = error
        raise ModelCallFailed  # bare: CrewAI would try some errors again, also those it finds as the cause of another

    def _call(self, messages: list[Message], tools: list[Any]) -> Any:
        for message in _results(messages):
            self.spoken.append(message)
            self.tell(ToolResult(message["tool_call_id"], str(message["content"])))
        if not self.calls_left or self.cancelled:
            raise turn_limit()
        self.calls_left -= 1
        answer = Answer(self.tell)
        # As it was said: CrewAI writes "Current Task:" before the prompt, fills in {tools} in it, and drops thoughts.
        said = [messages[0], *self.history, *self.spoken]
        self.spoken.append(self.client.answer(said, tools, answer.add, self._wait))
        return answer.tool_calls or answer.text or " "  # CrewAI takes nothing for a failure

    def _wait(self, call: Coroutine[Any, Any, Any]) -> Any:
        """The result of a call on the server's loop, to which connections over HTTP belong."""
        self.waiting = asyncio.run_coroutine_threadsafe(call, self.loop)
        if self.cancelled:
            self.waiting.cancel()
        return self.waiting.result()

    def cancel(self) -> None:
        """End the call that waits for the model, and make no further one."""
        self.cancelled = True
        if self.waiting:
            self.waiting.cancel()

    def supports_function_calling(self) -> bool:
        """Without this, CrewAI describes the tools in the prompt."""
        return True

    def get_input_tokens_count(self, *_: Any, **__: Any) -> int:
        """Nothing: how much of a session the model sees is for `MAX_HISTORY` to say, not for CrewAI's summaries."""
        return 0


class ModelCallFailed(Exception):
    """`Turn.failure` says why."""


class Answer:
    """What the model has said in one call."""

    def __init__(self, tell: Callable[[Part], object]) -> None:
        self._tell = tell
        self.text = ""
        self._calls: dict[str, Message] = {}

    @property
    def tool_calls(self) -> list[Message]:
        """In OpenAI's form, which CrewAI takes from any model."""
        return list(self._calls.values())

    def add(self, part: Part) -> None:
        """Tell the next piece, and keep it."""
        self._tell(part)
        match part:
            case Text(delta):
                self.text += delta
            case ToolCallStart(id, name):
                self._calls[id] = {"id": id, "type": "function", "function": {"name": name, "arguments": ""}}
            case ToolCallArguments(id, delta):
                self._calls[id]["function"]["arguments"] += delta


def _answer(turn: Turn, prompt: str) -> None:
    """Blocks: CrewAI runs each agent in threads, and an event loop of its own."""
    try:
        asyncio.run(_agent(turn).kickoff_async([{"role": "user", "content": prompt}]))
    except Exception as error:
        raise (turn.failure or error) from None


def _agent(turn: Turn) -> Agent:
    return Agent(
        role="a helpful assistant",
        goal="answer the user",
        backstory=SYSTEM_PROMPT,
        llm=turn,
        tools=CREW_TOOLS,
        max_iter=turn.calls_left + 1,
        cache=False,
        use_better_compaction=False,
    )


def _results(messages: list[Message]) -> list[Message]:
    """The results of the last call's tools."""
    return list(reversed(list(itertools.takewhile(lambda message: message["role"] == "tool", reversed(messages)))))
