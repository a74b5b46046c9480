"""A2A streams in parallel: the generated agent beside Strands' own A2A server, as tutorials show it, in one run.

    uv run --project examples/weather-agent python tests/benchmarks/a2a.py [--sessions 1 6 20]

Strands' server needs an older `a2a-sdk`, so uv makes it an environment of its own. Each session sends one message; the
model streams 100 deltas, 20 ms apart, so that 2 s is the least that a task can take. Read the ratios: the seconds are
this machine's.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from processes import server
from streams import DELTAS, SENT, bedrock, model_server

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "weather-agent"
WITH = ["--isolated", "--no-project", "--with", "strands-agents[a2a]"]
PEER = ["run", *WITH, "python", "-P", str(HERE / "pattern_a2a.py")]  # -P: this file is not the package `a2a`
SERVERS: dict[str, tuple[str, list[str], dict[str, str]]] = {
    "streamplate": (sys.executable, ["-m", "weather_agent.main"], {}),
    "one agent": ("uv", PEER, {}),
    "a factory": ("uv", PEER, {"FACTORY": "1"}),
}


def call(version: str) -> dict[str, Any]:
    """A message of the protocol's version."""
    ids = {"messageId": str(uuid.uuid4()), "contextId": str(uuid.uuid4())}
    if version == "1.0":
        message = {**ids, "role": "ROLE_USER", "parts": [{"text": "Go"}]}
        return {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": {"message": message}}
    message = {**ids, "role": "user", "kind": "message", "parts": [{"kind": "text", "text": "Go"}]}
    return {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": {"message": message}}


async def ask(port: int, version: str) -> tuple[float, int, int]:
    """One task: ms to the first text, pieces of text, bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    body = json.dumps(call(version)).encode()
    head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA2A-Version: {version}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    start = time.perf_counter()
    writer.write(head.encode() + body)
    first, pieces, size = 0.0, 0, 0
    async for line in reader:
        size += len(line)
        if SENT.search(line):
            first = first or (time.perf_counter() - start) * 1000
            pieces += 1
    writer.close()
    assert pieces >= DELTAS, f"{pieces} of {DELTAS} deltas arrived"
    return first, pieces, size


async def everyone(port: int, version: str, sessions: int) -> list[tuple[float, int, int]]:
    """One task in each of so many contexts, all at once."""
    return await asyncio.gather(*(ask(port, version) for _ in range(sessions)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 6, 20])
    options = parser.parse_args()
    print("   n server           wall   first text, median   bytes a delta")
    with model_server(EXAMPLE) as model:
        for sessions in options.sessions:
            walls = {}
            for name, (python, command, variables) in SERVERS.items():
                version = "1.0" if name == "streamplate" else "0.3"
                with server(*command, python=python, **bedrock(model), **variables) as agent:
                    asyncio.run(everyone(agent.port, version, 1))
                    start = time.perf_counter()
                    answers = asyncio.run(everyone(agent.port, version, sessions))
                    walls[name] = time.perf_counter() - start
                first = statistics.median(first for first, _, _ in answers)
                size = sum(size for *_, size in answers) / (sessions * DELTAS)
                print(f"{sessions:4} {name:12} {walls[name]:6.2f} s {first:13.0f} ms {size:15.0f}", flush=True)
            own = walls["streamplate"]
            print(f"{sessions:4} ratio        {walls['one agent'] / own:.1f}, {walls['a factory'] / own:.1f} times")


if __name__ == "__main__":
    sys.exit(main())
