"""A run as spans: one for the run, and within it one for each model call and each tool call, whatever the framework."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from opentelemetry import trace

from weather_time_calculator import contract
from weather_time_calculator.agent import Conversation
from weather_time_calculator.settings import Settings

from .traces import ERROR, INPUT, OUTPUT, tracer


class TracedConversation(Conversation):
    """A conversation whose runs are spans."""

    async def stream(self, prompt: Any) -> AsyncGenerator[contract.Part]:
        """Answer as ever, and tell what took how long."""
        run = RunSpans(Settings().model_id)
        try:
            async with aclosing(super().stream(prompt)) as parts:
                async for part in parts:
                    run.follow(part)
                    yield part
        except BaseException as error:
            run.fail(error)
            raise
        finally:
            run.end()


class RunSpans:
    """The spans of one run, made from its parts.

    The model is called when the run begins, and again once the tools have answered. `Usage` ends a call; where that is
    told for all calls together at the end, the first result does, and the tokens are the run's alone. Tools are at work
    from the end of the call that asked for them until their result is told.
    """

    def __init__(self, model: str) -> None:
        self._run = tracer().start_span("invoke_agent weather-time-calculator")
        self._within = trace.set_span_in_context(self._run)
        self._model = model
        self._tokens = contract.Usage(0, 0)
        self._uncounted_calls = 0
        self._names: dict[str, str] = {}
        self._asked_for: list[str] = []
        self._tools: dict[str, trace.Span] = {}
        self._last = self._last_of_model = time.time_ns()
        self._call: trace.Span | None = self._begin(f"chat {model}", self._last)

    def follow(self, part: contract.Part) -> None:
        """Begin and end the spans that this part tells of."""
        match part:
            case contract.Usage():
                self._count(part)
            case contract.ToolResult(id):
                self._end_uncounted_call()
                self._tools.pop(id, trace.INVALID_SPAN).end()
            case contract.ToolCallEnd(id):
                self._asked_for.append(id)
                self._start_tools(time.time_ns())
            case _:
                self._go_on(part)
        self._last = time.time_ns()

    def fail(self, error: BaseException) -> None:
        """Say why everything that is open ends."""
        for span in self._open():
            span.set_attribute(ERROR, getattr(error, "code", type(error).__name__))

    def end(self) -> None:
        """End what is open, the run last."""
        _set_tokens(self._run, self._tokens)
        for span in self._open():
            span.end()

    def _open(self) -> list[trace.Span]:
        return [*self._tools.values(), *([self._call] if self._call else []), self._run]

    def _begin(self, name: str, at: int) -> trace.Span:
        return tracer().start_span(name, self._within, start_time=at)

    def _go_on(self, part: contract.Part) -> None:
        """The model says something: in the call that is open, or in a new one, since whatever came before."""
        self._call = self._call or self._begin(f"chat {self._model}", self._last)
        self._last_of_model = time.time_ns()
        if isinstance(part, contract.ToolCallStart):
            self._names[part.id] = part.name

    def _count(self, usage: contract.Usage) -> None:
        read, written = self._tokens.input_tokens + usage.input_tokens, self._tokens.output_tokens + usage.output_tokens
        self._tokens = contract.Usage(read, written)
        if self._call and not self._uncounted_calls:
            _set_tokens(self._call, usage)
        self._end_call(time.time_ns())

    def _end_uncounted_call(self) -> None:
        self._uncounted_calls += self._call is not None
        self._end_call(self._last_of_model)

    def _end_call(self, at: int) -> None:
        if self._call:
            self._call.end(at)
            self._call = None
        self._start_tools(at)

    def _start_tools(self, at: int) -> None:
        if not self._call:
            self._tools |= {id: self._begin(f"execute_tool {self._names.get(id, '')}", at) for id in self._asked_for}
            self._asked_for.clear()


def _set_tokens(span: trace.Span, usage: contract.Usage) -> None:
    span.set_attributes({INPUT: usage.input_tokens, OUTPUT: usage.output_tokens})
