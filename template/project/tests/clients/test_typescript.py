"""The TypeScript client: type-checked, built, and run by Node.js against the served agent."""

import subprocess
from pathlib import Path

import pytest

from . import node
from local_model.server import LocalModel

FOLDER = Path(__file__).parents[2] / "clients" / "typescript"


@pytest.fixture(scope="module")
def built() -> Path:
    """Its folder, installed, type-checked and built."""
    node.install(FOLDER)
    node.npm(FOLDER, "run", "build")
    return FOLDER


@pytest.mark.usefixtures("local_model")
def test_its_own_tests_pass(built: Path, agent_url: str) -> None:
    node.npm(built, "test", AGENT_URL=f"{agent_url}/invocations")


def test_a_tool_call_is_told(built: Path, agent_url: str, local_model: LocalModel) -> None:
    command = ["node", "dist/ask.js", "--url", f"{agent_url}/invocations", 'call sleepy {"seconds": 0.1}']
    done = subprocess.run(command, cwd=built, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, '· sleepy({"seconds":0.1})\n')
    assert "slept 0.1 s" in done.stdout
