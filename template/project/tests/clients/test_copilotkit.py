"""The CopilotKit page: type-checked, built, and its chat run against the served agent."""

from pathlib import Path

import pytest

from . import node

FOLDER = Path(__file__).parents[2] / "clients" / "copilotkit"


@pytest.fixture(scope="module")
def folder() -> Path:
    """Its folder, installed."""
    node.install(FOLDER)
    return FOLDER


def test_it_builds(folder: Path) -> None:
    node.npm(folder, "run", "build")
    assert (folder / "dist" / "index.html").exists()


@pytest.mark.usefixtures("local_model")
def test_its_own_tests_pass(folder: Path, agent_url: str) -> None:
    node.npm(folder, "test", VITE_AGENT_URL=f"{agent_url}/invocations")
