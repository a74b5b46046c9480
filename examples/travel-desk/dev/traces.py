"""`serve --traces`: OpenTelemetry's spans, a line each when it ends, on standard error.

A span for each request, and within it those of `run_spans.py`, which are the same for every framework. What a framework
tells of the same by itself is left out; spans of your own are shown.
"""

import sys
from collections.abc import Sequence
from typing import cast

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from starlette.types import ASGIApp, Receive, Scope, Send

INPUT, OUTPUT, ERROR = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "error.type"
SHOWN = {INPUT: "in", OUTPUT: "out", ERROR: "error"}


def show_traces() -> None:
    """Print every span of this process from now on."""
    tracer_provider().add_span_processor(SimpleSpanProcessor(Lines()))


def tracer_provider() -> TracerProvider:
    """That of this process, which can be set once."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    return cast(TracerProvider, trace.get_tracer_provider())


def tracer() -> trace.Tracer:
    """What our own spans are made with."""
    return trace.get_tracer(__name__)


class Lines(SpanExporter):
    """Prints the end of each span: its trace, time, name, and a few attributes."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Print spans that have ended."""
        for span in spans:
            if not _told_twice(span):
                print(f"trace {_line(span)}", file=sys.stderr, flush=True)
        return SpanExportResult.SUCCESS


class TracedRequests:
    """ASGI middleware: each request is a span, which ends when its answer does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within a span."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        with tracer().start_as_current_span(f"{scope.get('method', 'WS')} {scope['path']}"):
            await self._app(scope, receive, send)


def _told_twice(span: ReadableSpan) -> bool:
    """Whether this is what a framework tells of its model calls and tools: there are spans of our own for them."""
    ours = span.instrumentation_scope and span.instrumentation_scope.name == __name__
    return not ours and any(name.startswith("gen_ai.") for name in span.attributes or {})


def _line(span: ReadableSpan) -> str:
    context = span.get_span_context()
    trace_id = trace.format_trace_id(context.trace_id)[:8] if context else ""
    seconds = ((span.end_time or 0) - (span.start_time or 0)) / 1e9
    attributes = span.attributes or {}
    known = " ".join(f"{shown}={attributes[name]!s}" for name, shown in SHOWN.items() if name in attributes)
    return f"{trace_id} {seconds:7.3f} s  {span.name}  {known}".rstrip()
