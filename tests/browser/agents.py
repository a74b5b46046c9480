"""A rendered project, served as its user serves it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.deployment.projects import install, render

OWN_TOOLS = '''
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from .approval import needs_approval
from .ask import Ask, Authorize
from .files import give_file
from .state import state


def echo(text: str) -> str:
    """Give the text back.

    Args:
        text: Any text.
    """
    return text


@needs_approval("Launch {rocket}?")
def launch(rocket: str, count: int = 1) -> str:
    """Launch rockets.

    Args:
        rocket: The name of the rocket.
        count: How many.
    """
    return f"launched {count} {rocket}"


def book(city: str) -> str:
    """Book a hotel.

    Args:
        city: Where.
    """
    nights = {"type": "integer", "minimum": 1, "title": "Nights"}
    properties = {"nights": nights, "room": {"enum": ["single", "double"]}, "breakfast": {"type": "boolean"}}
    raise Ask(f"How long in {city}?", {"type": "object", "properties": properties, "required": ["nights", "room"]})


def profile(address: str) -> str:
    """Read the user's account, once they have allowed it.

    Args:
        address: Where that can be allowed.
    """
    asked = state().setdefault("asked", [])
    if address in asked:
        return "the account of Ada"
    asked.append(address)
    raise Authorize("Allow it here:", address)


def note(text: str) -> list[str]:
    """Write something down.

    Args:
        text: What.
    """
    state().setdefault("notes", []).append(text)
    return list(state()["notes"])


def hand_over(name: str, text: str) -> str:
    """Give the user a file.

    Args:
        name: What it is called.
        text: What is in it; base64 after "base64:".
    """
    data = b64decode(text.removeprefix("base64:")) if text.startswith("base64:") else text.encode()
    give_file(name, data)
    return "handed over"


TOOLS: list[Callable[..., Any]] = [echo, launch, book, profile, note, hand_over]
'''


def make(path: Path, **answers: object) -> Path:
    """A project, installed, with tools more: `call echo {"text": …}` makes the agent say anything, `launch` waits for
    approval, `book` asks, `profile` wants a page opened, `note` keeps a list in the state, `hand_over` gives a file."""
    render(path, project_name="my-agent", **answers)
    (path / "src/my_agent/tools/own.py").write_text(OWN_TOOLS.lstrip())
    install(path)
    return path


class Served:
    """A running `serve --offline`."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serve(project: Path, port: int = 0) -> Iterator[Served]:
    """The agent on a port (0: a free one), once it answers."""
    command = [project / ".venv/bin/serve", "--offline", "--port", str(port)]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            printed = iter(process.stdout.readline, "")
            url = next(found[0] for line in printed if (found := re.search(r"http://[\d.]+:\d+", line)))
            wait(f"{url}/ping")
            yield Served(process, url)
        finally:
            process.terminate()


def own_tests(project: Path, client: str) -> None:
    """Run the project's own tests of a client, all of which must pass."""
    command = [project / ".venv/bin/python", "-m", "pytest", "-q", f"tests/clients/test_{client}.py"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=900)
    assert (done.returncode, "skipped" in done.stdout) == (0, False), done.stdout + done.stderr


def wait(url: str) -> None:
    """Until something answers there."""
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(url, trust_env=False)
            return
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
