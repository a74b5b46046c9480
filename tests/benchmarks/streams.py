"""Streams in parallel: the generated agent beside the pattern of the tutorials, in one run.

    uv run --project examples/weather-time-calculator python tests/benchmarks/streams.py [--sessions 1 6 20 40 80 200]

Each session asks one question; the model streams 100 deltas, 20 ms apart, so that 2 s is the least that a turn can
take. Model, agent and callers are processes on this machine. Read the ratios: the seconds are this machine's.
"""

import argparse
import asyncio
import re
import statistics
import sys
import time
import urllib.request
import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from processes import Server, server

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "weather-time-calculator"
SERVERS = {"streamplate": ["-m", "weather_time_calculator.main"], "pattern": [str(HERE / "pattern.py")]}
DELTAS, PACE = 100, 0.02
SENT = re.compile(rb'"(?:delta|text)": ?" ?(\d{19})"')


@dataclass(frozen=True)
class Result:
    """What N sessions saw: seconds, and milliseconds for latencies."""

    wall: float
    first_text: list[float]
    latencies: list[float]
    at_once: int
    bytes_per_delta: float
    cpu_per_delta: float
    megabytes_per_session: float


async def ask(port: int) -> tuple[float, list[float], int]:
    """One turn: ms to the first text, ms between a delta's leaving the model and its arrival, bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    body = b'{"prompt": "Go"}'
    session = uuid.uuid4()
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    start = time.time_ns()
    writer.write(f"{head}X-Amzn-Bedrock-AgentCore-Runtime-Session-Id: {session}\r\n\r\n".encode() + body)
    latencies, first, size, last = [], 0.0, 0, b""
    async for line in reader:
        size += len(line)
        last = line if line.startswith(b"data: ") else last
        if sent := SENT.search(line):
            now = time.time_ns()
            first = first or (now - start) / 1e6
            latencies.append((now - int(sent[1])) / 1e6)
    writer.close()
    assert len(latencies) == DELTAS, f"{len(latencies)} of {DELTAS} deltas arrived, at last {last.decode()}"
    return first, latencies, size


def measure(agent: Server, model: Server, sessions: int) -> Result:
    """One question from each of so many new sessions, all at once."""
    calls_at_once(model)
    memory, cpu, start = agent.memory(), agent.cpu(), time.perf_counter()

    async def everyone() -> list[tuple[float, list[float], int]]:
        return await asyncio.gather(*(ask(agent.port) for _ in range(sessions)))

    answers = asyncio.run(everyone())
    wall = time.perf_counter() - start
    return Result(
        wall,
        [first for first, _, _ in answers],
        [latency for _, latencies, _ in answers for latency in latencies],
        calls_at_once(model),
        sum(size for *_, size in answers) / (sessions * DELTAS),
        (agent.cpu() - cpu) * 1e6 / (sessions * DELTAS),
        (agent.memory() - memory) / sessions,
    )


def calls_at_once(model: Server) -> int:
    """The most calls that the model had at once since this was last asked."""
    return int(urllib.request.urlopen(f"http://127.0.0.1:{model.port}/").read())


def row(name: str, sessions: int, result: Result) -> str:
    """A line of the table."""

    def spread(values: list[float]) -> str:
        last = statistics.quantiles(values, n=100)[-1] if values[1:] else values[0]
        return f"{statistics.median(values):8.1f} {last:8.1f}"

    return (
        f"{sessions:4} {name:11} {result.wall:7.2f} s {spread(result.first_text)} {spread(result.latencies)} "
        f"{result.at_once:5} {result.megabytes_per_session:10.2f} "
        f"{result.cpu_per_delta:7.0f} {result.bytes_per_delta:7.0f}"
    )


def model_server(project: Path = EXAMPLE) -> AbstractContextManager[Server]:
    """The model of a project, paced."""
    return server(str(HERE / "model.py"), ping="/", DELTAS=str(DELTAS), PACE=str(PACE), PYTHONPATH=str(project))


def bedrock(model: Server) -> dict[str, str]:
    """What points an agent to the model."""
    return {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{model.port}",
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_REGION": "us-west-2",
        "MODEL_ID": "benchmark",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 6, 20, 40, 80, 200])
    options = parser.parse_args()
    print("                          first text, ms      added latency, ms   model     MB       of a delta")
    print("   n server        wall        p50      p99        p50      p99 calls  a session  CPU µs   bytes")
    with model_server() as model:
        for sessions in options.sessions:
            walls = {}
            for name, command in SERVERS.items():
                with server(*command, **bedrock(model)) as agent:
                    measure(agent, model, 1)
                    result = measure(agent, model, sessions)
                walls[name] = result.wall
                print(row(name, sessions, result), flush=True)
            print(f"{sessions:4} ratio      {walls['pattern'] / walls['streamplate']:7.1f} times")


if __name__ == "__main__":
    sys.exit(main())
