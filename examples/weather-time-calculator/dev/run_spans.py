"""A run as spans: one for the run, and within it one for each model call and each tool call, whatever the framework."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from opentelemetry import trace

from weather_time_calculator.conversation.history import Prompt
from weather_time_calculator.provider.calls import current_calls
from weather_time_calculator.runs import parts
from weather_time_calculator.runs.run import Answer
from weather_time_calculator.settings import Settings

from .traces import ERROR, INPUT, OUTPUT, tracer


def traced(answer: Answer) -> Answer:
    """The same agent, whose runs are spans."""

    async def traced_answer(prompt: Prompt, model: Any, settings: Settings) -> AsyncGenerator[parts.Part]:
        run = RunSpans(settings.model_id)
        try:
            async with aclosing(answer(prompt, model, settings)) as told:
                async for part in told:
                    run.follow(part)
                    yield part
        except BaseException as error:
            run.fail(error)
            raise
        finally:
            run.end()

    return traced_answer


class RunSpans:
    """The spans of one run, made from its parts.

    The model is called when the run begins, and again once the tools have answered. Tools are at work from the end of
    the model call that asked for them until their result is told.
    """

    def __init__(self, model: str) -> None:
        self._run = tracer().start_span("invoke_agent weather-time-calculator")
        self._within = trace.set_span_in_context(self._run)
        self._model = model
        self._counted = parts.Usage()
        self._names: dict[str, str] = {}
        self._tools: dict[str, trace.Span] = {}
        self._call: trace.Span | None = None
        self._begin_call()

    def follow(self, part: parts.Part) -> None:
        """Begin and end the spans that this part tells of."""
        match part:
            case parts.ToolCallStart(id, name):
                self._names[id] = name
            case parts.ToolCallEnd(id):
                self._tools[id] = self._begin(f"execute_tool {self._names.get(id, '')}")
            case parts.ToolResult(id):
                self._end_call()
                self._tools.pop(id, trace.INVALID_SPAN).end()
                if not self._tools:
                    self._begin_call()

    def fail(self, error: BaseException) -> None:
        """Say why everything that is open ends."""
        for span in self._open():
            span.set_attribute(ERROR, getattr(error, "code", type(error).__name__))

    def end(self) -> None:
        """End what is open, the run last."""
        self._end_call()
        _set_tokens(self._run, self._counted)
        for span in self._open():
            span.end()

    def _open(self) -> list[trace.Span]:
        return [*self._tools.values(), *([self._call] if self._call else []), self._run]

    def _begin(self, name: str) -> trace.Span:
        return tracer().start_span(name, self._within, start_time=time.time_ns())

    def _begin_call(self) -> None:
        self._call = self._begin(f"chat {self._model}")

    def _end_call(self) -> None:
        if self._call is None:
            return
        usage, before = current_calls().usage, self._counted
        read, written = usage.input_tokens - before.input_tokens, usage.output_tokens - before.output_tokens
        _set_tokens(self._call, parts.Usage(read, written))
        self._counted = usage
        self._call.end()
        self._call = None


def _set_tokens(span: trace.Span, usage: parts.Usage) -> None:
    span.set_attributes({INPUT: usage.input_tokens, OUTPUT: usage.output_tokens})
