"""The agent, served for real on loopback, whose model is the local model server."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from bedrock_agentcore import BedrockAgentCoreContext

from travel_desk import tools
from travel_desk.settings import Settings
from travel_desk.tools.approval import needs_approval
from travel_desk.tools.ask import Ask, Authorize
from travel_desk.tools.files import give_file
from travel_desk.tools.state import state

from .agent_client import AgentClient
from local_model.server import LocalModel, running
from local_model.serving import served


def echo(text: str) -> str:
    """Give the text back.

    Args:
        text: Any text.
    """
    return f"echo: {text}"


def sleepy(seconds: float) -> str:
    """Block the calling thread, as a careless tool does.

    Args:
        seconds: How long.
    """
    time.sleep(seconds)
    return f"slept {seconds} s"


def broken() -> str:
    """Fail."""
    raise RuntimeError("secret detail")


@needs_approval("Send {text} to {to}?", when=lambda to, **_: to != "myself")
def send(to: str, text: str) -> str:
    """Send a message.

    Args:
        to: Who gets it.
        text: What it says.
    """
    SENT.append((to, text))
    return f"sent to {to}"


def choose(question: str) -> str:
    """Have the user choose.

    Args:
        question: What to ask.
    """
    answer = {"type": "object", "properties": {"choice": {"enum": ["red", "blue"]}}, "required": ["choice"]}
    raise Ask(question, answer)


@needs_approval("Read the account {name}?", when=lambda name, **_: name.startswith("shared"))
def account(name: str, address: str = "https://allow.example/it") -> str:
    """Read an account, once its user has allowed it.

    Args:
        name: Whose account.
        address: Where that can be allowed.
    """
    if name not in ALLOWED:
        raise Authorize("Allow it here:", address)
    return f"the account of {name}"


ALLOWED: set[str] = set()
"""Whose accounts may be read."""


def user() -> str:
    """Say for whom the agent works."""
    return f"for {BedrockAgentCoreContext.get_workload_access_token() or 'nobody'}"


def note(text: str) -> str:
    """Write a note into the shared state.

    Args:
        text: What to note.
    """
    notes = [*state().get("notes", []), text]
    state()["notes"] = notes
    return f"{len(notes)} notes"


def hand_over(name: str, size: int = 5, media_type: str = "", count: int = 1) -> str:
    """Give the caller files.

    Args:
        name: What they are called.
        size: How many bytes they have.
        media_type: What they are.
        count: How many there are.
    """
    for _ in range(count):
        give_file(name, bytes(each % 256 for each in range(size)), media_type)
    return "handed over"


def show_draft(question: str) -> str:
    """Give the user a draft, and ask about it.

    Args:
        question: What to ask.
    """
    give_file("draft.txt", b"a draft")
    raise Ask(question, {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]})


async def patient(seconds: float) -> str:
    """Wait without a thread.

    Args:
        seconds: How long.
    """
    await asyncio.sleep(seconds)
    return f"waited {seconds} s"


SENT: list[tuple[str, str]] = []
"""What `send` has sent."""

FUNCTIONS = (echo, sleepy, broken, send, choose, account, user, note, hand_over, show_draft, patient)
tools.TOOLS += [tools.tool(function) for function in FUNCTIONS]


@pytest.fixture(scope="session")
def _model() -> Iterator[LocalModel]:
    with running(pace=0.005) as model, pytest.MonkeyPatch.context() as patch:
        for name, value in model.environment().items():
            patch.setenv(name, value) if value is not None else patch.delenv(name, raising=False)
        yield model


@pytest.fixture
def local_model(_model: LocalModel) -> LocalModel:
    """The running local model server, its faults and requests cleared."""
    _model.reset()
    SENT.clear()
    ALLOWED.clear()
    return _model


@pytest.fixture(scope="session")
def agent_url(_model: LocalModel) -> Iterator[str]:
    """Where the agent listens. Its limits are small, so that tests reach them soon."""
    from travel_desk.server.app import create_app

    settings = Settings(
        heartbeat_seconds=0.2,
        throttle_seconds=3,
        model_read_seconds=10,
        tool_seconds=3,
        max_turns=4,
        max_runs=40,
        max_history=10,
    )
    with served(create_app(settings)) as url:
        yield url


@pytest.fixture
def agent(agent_url: str, local_model: LocalModel) -> Iterator[AgentClient]:
    """A caller of the agent, which has ended what earlier tests left it with."""
    with AgentClient(agent_url) as client:
        until(lambda: client.ping()["status"] == "Healthy")
        yield client


@pytest.fixture
def sent() -> list[tuple[str, str]]:
    """What the tool `send` has sent in this test."""
    return SENT


@pytest.fixture
def allowed() -> set[str]:
    """Whose accounts the tool `account` may read in this test."""
    return ALLOWED


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds."""
    return until


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, 30 seconds at most."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
