async def first_run(runtime: Any) -> None:
    """What a first run would import and make. It is not traced: nothing below a span that is not sampled is."""
    from opentelemetry.trace import NonRecordingSpan, SpanContext, use_span

    from .warm_up import warm_up

    with use_span(NonRecordingSpan(SpanContext(trace_id=1, span_id=1, is_remote=False))):
        await warm_up(runtime)
