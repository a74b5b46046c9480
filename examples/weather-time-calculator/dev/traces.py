"""`serve --traces`: OpenTelemetry's spans, a line each when it ends, on standard error.

A span for each request, and within it what the framework and its clients report by themselves.
"""

import sys
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from starlette.types import ASGIApp, Receive, Scope, Send

SHOWN = ("gen_ai.tool.name", "gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")


def show_traces() -> None:
    """Print every span of this process from now on."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Lines()))
    trace.set_tracer_provider(provider)


class Lines(SpanExporter):
    """Prints the end of each span: its trace, time, name, and a few attributes."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Print spans that have ended."""
        for span in spans:
            print(f"trace {_line(span)}", file=sys.stderr, flush=True)
        return SpanExportResult.SUCCESS


class Traced:
    """ASGI middleware: each request is a span, which ends when its answer does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within a span."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        with trace.get_tracer(__name__).start_as_current_span(f"{scope.get('method', 'WS')} {scope['path']}"):
            await self._app(scope, receive, send)


def _line(span: ReadableSpan) -> str:
    context = span.get_span_context()
    trace_id = trace.format_trace_id(context.trace_id)[:8] if context else ""
    seconds = ((span.end_time or 0) - (span.start_time or 0)) / 1e9
    attributes = span.attributes or {}
    known = " ".join(f"{name.rpartition('.')[2]}={attributes[name]!s}" for name in SHOWN if name in attributes)
    return f"{trace_id} {seconds:7.3f} s  {span.name}  {known}".rstrip()
