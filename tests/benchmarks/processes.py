"""Servers in processes of their own, and what they cost."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running server process."""

    port: int
    pid: int
    seconds_to_ping: float

    def cpu(self) -> float:
        """User and system time so far, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Resident set, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def server(
    *command: str, ping: str = "/ping", python: str = sys.executable, **environment: str | None
) -> Iterator[Server]:
    """Start `PYTHON COMMAND…` with a free PORT, wait until it answers, stop it at the end. None unsets a variable."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = time.perf_counter()
    variables = os.environ | environment | {"PORT": str(port)}
    given = {name: value for name, value in variables.items() if value is not None}
    process = subprocess.Popen([python, *command], env=given, stderr=subprocess.DEVNULL)
    try:
        _wait(port, ping, process)
        yield Server(port, process.pid, time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read()
            return
        except OSError:
            time.sleep(0.005)
    raise SystemExit(f"{process.args} did not start")
