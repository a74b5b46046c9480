"""A project that reports traces: what it deployed sends them while it streams."""

import time
from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.emulators.agentcore import Emulator
from tests.emulators.serving import serve

from .projects import Project


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """The URL of an OTLP collector for traces, and what it is sent."""
    received: list[bytes] = []

    async def traces(request: Request) -> Response:
        received.append(await request.body())
        return Response(b"", media_type="application/x-protobuf")

    with serve(Starlette(routes=[Route("/v1/traces", traces, methods=["POST"])])) as url:
        yield f"{url}/v1/traces", received


def test_the_deployed_agent_sends_its_spans(
    variant: Callable[..., Project], cloud: Emulator, collector: tuple[str, list[bytes]]
) -> None:
    url, received = collector
    project = variant(observability="otel")
    file = project.path / "deploy.toml"
    variables = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url,
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_TRACES_SAMPLER": "always_on",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "none",
    }
    lines = "".join(f'{name} = "{value}"\n' for name, value in variables.items())
    file.write_text(file.read_text().replace("[environment]", f"[environment]\n{lines}#", 1))
    deployed = project.run("deploy")
    assert deployed.code == 0, deployed.err
    assert "local model" in deployed.out
    deadline = time.monotonic() + 30
    while b"invoke_agent" not in b"".join(received) and time.monotonic() < deadline:
        time.sleep(0.1)
    spans = b"".join(received)
    assert b"POST /invocations" in spans
    assert b"invoke_agent" in spans  # by Strands
