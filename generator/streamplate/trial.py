"""Make a project, install it, start it offline, ask it one question, clean up."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from streamplate import creation, toolchain
from streamplate.errors import StreamplateError

QUESTION = "What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?"
START_TIMEOUT = 60.0

Step = Callable[[str], AbstractContextManager[None]]


def run(
    question: str = QUESTION,
    answers: Mapping[str, Any] | None = None,
    *,
    keep: Path | None = None,
    chat: bool = False,
    step: Step = lambda name: nullcontext(),
) -> int:
    """Ask `question` of a new project, its answer streaming to standard output; return the chat client's exit code.

    With `chat`, the conversation goes on in this terminal until the user leaves it.
    The project is made in `keep`, or in a temporary folder that is gone afterwards. Each stage runs in a `step(name)`.
    """
    with tempfile.TemporaryDirectory(prefix="streamplate-try-") as folder:
        with step("Making a project"):
            made = creation.new(keep or Path(folder, "my-agent"), answers, git=None if keep else False)
        with step("Installing it"):
            toolchain.install(made.path)
        with serving(made.path, step) as url:
            return _ask(made.path, url, question) or (_chat(made.path, url) if chat else 0)


@contextmanager
def serving(project: Path, step: Step) -> Iterator[str]:
    """An installed project, running offline on a free port of this machine: its base URL."""
    port = _free_port()
    with tempfile.TemporaryFile("w+") as log:
        server = _serve(project, port, log)
        try:
            with step("Starting it, offline"):
                _wait_until_ready(server, port)
            yield f"http://127.0.0.1:{port}"
        except _NotReady as error:
            log.seek(0)
            raise StreamplateError("The agent did not start", log.read().strip()[-2000:]) from error
        finally:
            _stop(server)


def _ask(project: Path, url: str, question: str) -> int:
    chat = _start(project, "chat", "--url", f"{url}/invocations", question, stdin=subprocess.DEVNULL)
    try:
        return chat.wait()
    finally:
        _stop(chat)


def _chat(project: Path, url: str) -> int:
    """Open the chat. Ctrl-C is for it alone: there it stops an answer."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    chat = _start(project, "chat", "--url", f"{url}/invocations")
    try:
        return chat.wait()
    finally:
        signal.signal(signal.SIGINT, before)
        _stop(chat)


def _serve(project: Path, port: int, log: IO[str]) -> subprocess.Popen[str]:
    """Start the agent in a session of its own, out of reach of the terminal's Ctrl-C."""
    options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT, "start_new_session": True}
    return _start(project, "serve", "--offline", "--port", str(port), **options)


class _NotReady(Exception):
    """The server ended, or did not answer in time."""


def _wait_until_ready(server: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise _NotReady


def _start(project: Path, script: str, *args: str, **options: Any) -> subprocess.Popen[str]:
    command = [str(project / toolchain.SCRIPTS / script), *args]
    return subprocess.Popen(command, cwd=project, env=toolchain.environment(), text=True, **options)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
