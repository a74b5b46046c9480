"""The agent, served for real on loopback, whose model is the local model server."""

import time
from collections.abc import Callable, Iterator

import pytest

from weather_time_calculator import tools
from weather_time_calculator.settings import Settings

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


tools.TOOLS += [tools.readable(function) for function in (echo, sleepy, broken)]


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
    return _model


@pytest.fixture(scope="session")
def agent_url(_model: LocalModel) -> Iterator[str]:
    """Where the agent listens. Its limits are small, so that tests reach them soon."""
    from weather_time_calculator.server import create_app

    settings = Settings(
        heartbeat_seconds=0.2, throttle_seconds=3, model_read_seconds=5, max_turns=4, max_runs=40, max_history=10
    )
    with served(create_app(settings)) as url:
        yield url


@pytest.fixture
def agent(agent_url: str, local_model: LocalModel) -> Iterator[AgentClient]:
    """A caller of the agent."""
    with AgentClient(agent_url) as client:
        yield client


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds, ten seconds at most."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.01)

    return wait
