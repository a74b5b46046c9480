"""The code package, and the client that reads what it streams.

    examples/weather-time-calculator/.venv/bin/python tests/benchmarks/package.py

* size and cold start (process start to the first answer of `/ping`, from the package's folder alone) of the package as
  installed, trimmed, compiled, and both. Its wheels are for this machine instead of arm64, so that it starts here;
* what reading a stream from `InvokeAgentRuntime` adds to each event, and its CPU: boto3's iterators beside ours.

Run `uv sync --python 3.13` in the example first.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

from processes import server

EXAMPLE = Path(__file__).parents[2] / "examples" / "weather-time-calculator"
ROUNDS = 7
EVENTS, PACE = 60, 0.03
ARN = "arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/agent-aaaaaaaaaa"
ACCOUNT = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark", "AWS_REGION": "us-west-2"}


def packages(folder: Path) -> Iterator[tuple[str, Path]]:
    """The package in its four forms, one after the other in one folder each."""
    from deploy.package import bytecode, trim

    build: Any = import_module("deploy.package.build")

    build.PLATFORM = f"{platform.machine()}-manylinux_2_28"
    for name in ("as installed", "trimmed", "compiled", "trimmed, compiled"):
        tree = folder / name.replace(", ", "-").replace(" ", "-") / "tree"
        tree.mkdir(parents=True)
        build.install(build.requirements(), tree, "{}.{}".format(*sys.version_info))
        build._copy_source(tree)
        if "trimmed" in name:
            trim.trim(tree, trim.services_named_in(build.SOURCE))
        if "compiled" in name:
            bytecode.compile_tree(tree, sys.executable)
        yield name, tree


def cold_start(tree: Path) -> float:
    """The median of several starts."""
    times = []
    for _ in range(ROUNDS):
        with server("-S", "-B", str(tree / "main.py"), python=sys.executable, **ACCOUNT) as agent:
            times.append(agent.seconds_to_ping)
    return statistics.median(times)


def measure_packages() -> None:
    from deploy.package import trim

    build: Any = import_module("deploy.package.build")

    print("package               files   unzipped     zipped   start to /ping")
    with tempfile.TemporaryDirectory() as folder:
        for name, tree in packages(Path(folder)):
            build.write_zip(tree, tree.with_suffix(".zip"))
            files = sum(file.is_file() for file in tree.rglob("*"))
            sizes = [trim.tree_size(tree) / 2**20, tree.with_suffix(".zip").stat().st_size / 2**20]
            print(f"{name:20} {files:6} {sizes[0]:7.1f} MB {sizes[1]:7.1f} MB {cold_start(tree):12.2f} s", flush=True)


class Agent(BaseHTTPRequestHandler):
    """Streams events that say when they left."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number in range(EVENTS):
            last = number == EVENTS - 1
            self.say({"type": "RUN_FINISHED" if last else "TEXT_MESSAGE_CONTENT", "delta": "word ", "t": time.time()})
            time.sleep(PACE)
        self.wfile.write(b"0\r\n\r\n")

    def say(self, event: dict[str, Any]) -> None:
        data = b"data: %s\n\n" % json.dumps(event).encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def log_message(self, *_: Any) -> None:
        pass


def parsed(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    return (json.loads(line[6:]) for line in lines if line.startswith(b"data: "))


def ours(body: Any) -> Iterator[dict[str, Any]]:
    """As `uv run invoke` reads it."""
    from deploy.stream import events

    return events(body._raw_stream.stream())


READERS: dict[str, Callable[[Any], Iterator[dict[str, Any]]]] = {
    "iter_lines()": lambda body: parsed(body.iter_lines()),
    "iter_lines(chunk_size=10)": lambda body: parsed(body.iter_lines(chunk_size=10)),
    "iter_lines(chunk_size=1)": lambda body: parsed(body.iter_lines(chunk_size=1)),
    "uv run invoke": ours,
}


def measure_readers() -> None:
    import boto3

    print(f"\n{EVENTS} events, one every {PACE * 1000:.0f} ms      p50, ms    max, ms   CPU, µs an event")
    with ThreadingHTTPServer(("127.0.0.1", 0), Agent) as agent:
        threading.Thread(target=agent.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{agent.server_port}"
        client = boto3.client("bedrock-agentcore", region_name="us-west-2", endpoint_url=url)
        for name, read in READERS.items():
            body = client.invoke_agent_runtime(agentRuntimeArn=ARN, payload=b"{}")["response"]
            cpu = time.thread_time()
            late = sorted(time.time() - event["t"] for event in read(body))
            cpu = (time.thread_time() - cpu) / len(late)
            print(f"{name:32} {late[len(late) // 2] * 1e3:9.1f} {late[-1] * 1e3:10.1f} {cpu * 1e6:13.0f}", flush=True)
        agent.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", type=Path, default=EXAMPLE, help="another project (run its own Python)")
    options = parser.parse_args()
    sys.path.insert(0, str(options.project))
    os.environ |= ACCOUNT
    measure_packages()
    measure_readers()


if __name__ == "__main__":
    sys.exit(main())
