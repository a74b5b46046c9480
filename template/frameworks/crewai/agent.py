"""The agent: CrewAI (https://docs.crewai.com), told in the parts of `runs/parts.py`."""

import asyncio
import json
import logging
import os
from asyncio import AbstractEventLoop
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import aclosing
from contextvars import Context, copy_context
from typing import Any, TypeVar

os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"
os.environ["CREWAI_TRACING_ENABLED"] = "false"

from crewai import Agent, BaseLLM
from crewai.events.event_listener import event_listener
from crewai.tools import BaseTool

from .conversation.history import Answer, Call, Prompt, Result, Results, Step
from .errors import Failure
from .model import Model
from .provider.said import answer_of
from .runs.parts import Part, ToolResult
from .settings import Settings
from .tools.toolbox import Tool

T = TypeVar("T")

event_listener.formatter.verbose = False  # or it prints boxes for every tool call, whatever `Agent.verbose` says
logging.getLogger("crewai.flow.runtime").setLevel(logging.CRITICAL)  # `runs/run.py` logs failed runs


async def answer(prompt: Prompt, model: Model, settings: Settings) -> AsyncGenerator[Part]:
    """Go on from the prompt until the model has nothing more to call."""
    parts: asyncio.Queue[Part | None] = asyncio.Queue()
    run = Run(prompt, model, settings.max_turns, parts.put_nowait)
    work = asyncio.create_task(asyncio.to_thread(_work, run, settings))
    work.add_done_callback(lambda _: parts.put_nowait(None))
    try:
        while part := await parts.get():
            yield part
        await work
    finally:
        work.cancel()
        run.cancel()


class Run:
    """What is said and done in one run, all of it on the server's loop, which CrewAI's threads wait for.

    CrewAI sees no more of it than that the model calls a tool: it would rename tools, change their arguments, run
    eight at once, and leave out thoughts.
    """

    def __init__(self, prompt: Prompt, model: Model, max_turns: int, tell: Callable[[Part], object]) -> None:
        self.failure: Exception | None = None
        self._prompt = prompt
        self._steps: list[Step] = list(prompt.steps)
        self._tools = {tool.name: tool for tool in prompt.tools}
        self._model = model
        self._calls_left = max_turns
        self._tell = tell
        self._loop: AbstractEventLoop = asyncio.get_running_loop()
        self._context: Context = copy_context()
        self._waiting: Future[Any] | None = None
        self._cancelled = False

    def wait(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of some work on the server's loop."""
        self._waiting = self._context.run(asyncio.run_coroutine_threadsafe, self._begin(work), self._loop)
        result: T = self._waiting.result()
        return result

    async def _begin(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """A cancelled tool is to CrewAI one that failed: it goes on, and would call the model again."""
        if self._cancelled:
            raise asyncio.CancelledError
        return await work()

    def cancel(self) -> None:
        """End the work that is waited for, and begin no more."""
        self._cancelled = True
        if self._waiting:
            self._waiting.cancel()

    async def call_model(self) -> Answer:
        """Call the model once."""
        if not self._calls_left:
            raise Failure("turn_limit")
        self._calls_left -= 1
        told: list[Part] = []
        prompt = self._prompt
        async with aclosing(self._model.stream(prompt.instructions, self._steps, prompt.tools)) as parts:
            async for part in parts:
                told.append(part)
                self._tell(part)
        said = answer_of(told)
        self._steps.append(said)
        return said

    async def call_tools(self) -> str:
        """Make all calls of the model's last answer, at once."""
        said = self._steps[-1]
        assert isinstance(said, Answer)
        self._steps.append(Results(tuple(await asyncio.gather(*map(self._call, said.calls)))))
        return f"{len(said.calls)} calls are answered."

    async def _call(self, call: Call) -> Result:
        tool: Tool | None = self._tools.get(call.name)
        if tool:
            return Result(call, await tool.call(call.arguments, call.id))
        content = f"Error: there is no tool {call.name}."
        self._tell(ToolResult(call.id, content))
        return Result(call, content)


class RunModel(BaseLLM):
    """The model as CrewAI calls it in one run. CrewAI reads none of what is said, but for the last answer."""

    run: Any

    def call(self, *_: Any, **__: Any) -> Any:
        """The text of the answer, or a call of `CallTools`."""
        try:
            said: Answer = self.run.wait(self.run.call_model)
        except Exception as error:
            self.run.failure = error
            raise ModelCallFailed from None  # CrewAI would try some errors again, also those that caused another
        return [_call_tools(said)] if said.calls else said.text or " "  # CrewAI takes nothing for a failure

    def supports_function_calling(self) -> bool:
        """Without this, CrewAI describes the tools in the prompt."""
        return True

    def get_input_tokens_count(self, *_: Any, **__: Any) -> int:
        """Nothing: it is not for CrewAI to say how much of a session the model sees."""
        return 0


class ModelCallFailed(Exception):
    """`Run.failure` says why."""


class CallTools(BaseTool):
    """The one tool that CrewAI knows: all calls of an answer."""

    name: str = "call_tools"
    description: str = "Make the calls of the answer."
    run_: Any

    def _run(self, calls: str) -> str:
        """`calls`, their ids, is there because CrewAI ends a run that makes a call with the same arguments again."""
        text: str = self.run_.wait(self.run_.call_tools)
        return text


def _call_tools(said: Answer) -> dict[str, Any]:
    ids = " ".join(call.id for call in said.calls)
    function = {"name": "call_tools", "arguments": json.dumps({"calls": ids})}
    return {"id": said.calls[0].id, "type": "function", "function": function}


def _work(run: Run, settings: Settings) -> None:
    """Blocks: CrewAI runs each agent in threads, and an event loop of its own."""
    agent = Agent(
        role="a helpful assistant",
        goal="answer the user",
        backstory="",
        llm=RunModel(model=settings.model_id, run=run),
        tools=[CallTools(run_=run)],
        max_iter=settings.max_turns + 1,
        cache=False,
        use_better_compaction=False,
    )
    try:
        asyncio.run(agent.kickoff_async("-"))  # `Run` has the conversation
    except Exception as error:
        raise (run.failure or error) from None
