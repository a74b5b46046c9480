"""OpenTelemetry's spans of the project's own code, in the timeline of the run that they belong to."""

import json
from contextvars import ContextVar
from functools import cache
from importlib.util import find_spec
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import StatusCode

from ..traces import tracer_provider

Spans = list[ReadableSpan]
spans_of_run: ContextVar[Spans] = ContextVar("spans_of_run")
"""Where spans go that begin in this context; threads and tasks of a run inherit it."""
FRAMEWORKS = ("gcp.vertex.agent", "a2a-python-sdk")
"""Tracers that are not named after the package that they come with."""
MAX_SPANS = 1000


@cache
def collect_spans() -> None:
    """Collect the spans that runs of this process begin, from now on."""
    tracer_provider().add_span_processor(SpansOfRuns())


class SpansOfRuns(SpanProcessor):
    """Adds each span that a run begins to the spans of that run."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Keep it from its begin, so that a run that waits for it shows it."""
        spans = spans_of_run.get(None)
        scope = span.instrumentation_scope
        if spans is not None and len(spans) < MAX_SPANS and not (scope and _is_of_a_library(scope.name)):
            spans.append(span)


def steps(spans: Spans, began: float) -> list[dict[str, Any]]:
    """The spans as steps of the timeline of a run that began then, in seconds since 1970.

    What frameworks tell of their model calls and tools is left out: the timeline has those.
    """
    return [_step(span, began) for span in list(spans) if not any(name.startswith("gen_ai.") for name in _of(span))]


def _step(span: ReadableSpan, began: float) -> dict[str, Any]:
    def clock(time: int | None) -> float | None:
        return None if time is None else round(time / 1e6 - 1000 * began, 1)

    return {
        "kind": "span",
        "name": span.name,
        "began": clock(span.start_time),
        "ended": clock(span.end_time),
        "code": "error" if span.status.status_code is StatusCode.ERROR else "",
        "message": span.status.description or "",
        "attributes": _of(span),
        "events": [_event(event, clock(event.timestamp)) for event in span.events],
    }


def _event(event: Event, at: float | None) -> dict[str, Any]:
    return {"ms": at, "name": event.name, "attributes": _json(event.attributes)}


def _of(span: ReadableSpan) -> dict[str, Any]:
    return _json(span.attributes)


def _json(attributes: Any) -> dict[str, Any]:
    return dict(json.loads(json.dumps(dict(attributes or {}), default=str)))


@cache
def _is_of_a_library(tracer: str) -> bool:
    """Whether a tracer is named after a package that was installed, but for instrumentation, which somebody chose."""
    name = tracer.split(".")[0].replace("-", "_")
    if tracer in FRAMEWORKS or not name.isidentifier() or name == "opentelemetry":
        return tracer in FRAMEWORKS
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return False
    return bool(spec and "site-packages" in str([spec.origin, *(spec.submodule_search_locations or [])]))
