"""Make a project, install it, start it offline, ask it a question, go on with the conversation, clean up."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from streamplate import creation, toolchain
from streamplate.creation import NewProject
from streamplate.errors import StreamplateError, UsageProblem

QUESTION = "What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?"
START_TIMEOUT = 60.0
FOR_DEVELOPERS = ("hypothesis", "mypy", "pytest", "ruff", "uv")
"""Dependencies that a project needs to be worked on, not to run: half of the bytes."""

Step = Callable[[str], AbstractContextManager[None]]


def run(
    question: str = QUESTION,
    answers: Mapping[str, Any] | None = None,
    *,
    keep: Path | None = None,
    chat: bool = False,
    step: Step = lambda name: nullcontext(),
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Ask `question` of a new project, its answer streaming to standard output; return the chat client's exit code.

    With `chat`, the conversation goes on in this terminal until the user leaves it.
    The project is made in `keep`, or in a temporary folder that is gone afterwards. Each stage runs in a `step(name)`;
    `say` prints what the user did not type: the question, and how to go on.
    """
    with tempfile.TemporaryDirectory(prefix="streamplate-try-") as folder:
        with step("Making a project"):
            place, git = (keep, None) if keep else (Path(folder, "my-agent"), False)
            made = creation.new(place, answers, git=git, review=_refuse_without_chat)
        with step("Installing it"):
            toolchain.install(made.path, without=() if keep else FOR_DEVELOPERS)
        with serving(made.path, step) as url:
            conversation = Conversation(made.path, url, home=None if keep else folder)
            if chat:
                say(f"\nIn a browser: {url}")
            say(f"\n> {question}\n")
            return conversation.hold(question) if chat else conversation.ask(question)


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


@dataclass
class Conversation:
    """One session with the agent at `url`, through the project's own terminal client."""

    project: Path
    url: str
    home: str | None
    """Where the client keeps the questions typed; None for where it always does."""
    session: str = field(default_factory=lambda: str(uuid4()))

    def ask(self, question: str) -> int:
        """One question, its answer printed; the client's exit code."""
        chat = self._client(question, stdin=subprocess.DEVNULL)
        try:
            return chat.wait()
        finally:
            _stop(chat)

    def hold(self, question: str) -> int:
        """The question, then whatever the user types, until they leave. Ctrl-C is for the client alone."""
        before = signal.signal(signal.SIGINT, lambda *_: None)
        chat = self._client("--interactive", question)
        try:
            return chat.wait()
        finally:
            signal.signal(signal.SIGINT, before)
            _stop(chat)

    def _client(self, *question: str, **options: Any) -> subprocess.Popen[str]:
        place = ["--url", f"{self.url}/invocations", "--session", self.session]
        home = {"HOME": self.home, "USERPROFILE": self.home} if self.home else {}
        return _start(self.project, "chat", *place, *question, env=toolchain.environment() | home, **options)


def _refuse_without_chat(made: NewProject) -> None:
    if "terminal" not in made.answers["clients"]:
        raise UsageProblem("`try` needs the terminal client", "Add it: -d clients=terminal")


def _serve(project: Path, port: int, log: IO[str]) -> subprocess.Popen[str]:
    """Start the agent in a session of its own, out of reach of the terminal's Ctrl-C."""
    options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT, "start_new_session": True}
    return _start(project, "serve", "--offline", "--port", str(port), env=toolchain.environment(), **options)


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
    return subprocess.Popen(command, cwd=project, text=True, **options)


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
