"""The clients against a deployed agent: on the emulator of AgentCore, with AWS credentials."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deployment.conftest import account, empty_account, store
from tests.deployment.projects import Project, install, local_model, render
from tests.emulators.aws import Aws

__all__ = ["account", "store"]  # fixtures
CHAT = "import sys; from clients.terminal import main; sys.exit(main())"
SYNC = """
import sys
from ag_ui.core import TextMessageContentEvent
from clients.python import AgentClient, new_session
for event in AgentClient.deployed(sys.argv[1]).stream(sys.argv[2], new_session()):
    if isinstance(event, TextMessageContentEvent):
        print(event.delta, end="")
"""
ASYNC = """
import asyncio, sys
from ag_ui.core import TextMessageContentEvent
from clients.python import AsyncAgentClient, new_session
async def main():
    async for event in AsyncAgentClient.deployed(sys.argv[1]).stream(sys.argv[2], new_session()):
        if isinstance(event, TextMessageContentEvent):
            print(event.delta, end="")
asyncio.run(main())
"""


@dataclass(frozen=True)
class Deployed:
    """A project whose agent is deployed."""

    project: Project
    arn: str

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a script in the project's environment."""
        command = [self.project.python, "-c", script, *arguments]
        return subprocess.run(command, cwd=self.project.path, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, account: Aws, store: Path) -> Iterator[Deployed]:
    path = render(
        tmp_path_factory.mktemp("clients") / "my-agent", clients=["terminal", "python"], deployment=["code-zip"]
    )
    python = install(path)
    with (
        local_model(path, python) as model,
        pytest.MonkeyPatch.context() as patch,
        empty_account(account, store, patch) as emulator,
    ):
        project = Project(path, python, model)
        project.point_to_local_model()
        done = project.run("deploy", "--no-check")
        assert done.code == 0, done.err
        (runtime,) = emulator.account.runtimes.values()
        yield Deployed(project, runtime.arn)


@pytest.mark.parametrize("script", [SYNC, ASYNC], ids=["sync", "async"])
def test_the_python_client_asks_the_runtime(deployed: Deployed, script: str) -> None:
    done = deployed.run(script, deployed.arn, "Count to 9")
    assert done.stdout == "1 2 3 4 5 6 7 8 9", done.stderr


def test_the_chat_asks_the_runtime(deployed: Deployed) -> None:
    done = deployed.run(CHAT, "--runtime", deployed.arn, "Count to 9")
    assert done.stdout == "1 2 3 4 5 6 7 8 9\n", done.stderr


def test_what_agentcore_refuses_is_told(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_TOKEN", "no-token-of-ours")
    done = deployed.run(CHAT, "--runtime", deployed.arn, "Count to 9")
    assert done.returncode == 1
    assert "(AccessDeniedException)" in done.stderr
    assert "Authorization method mismatch" in done.stderr


def test_what_is_no_arn_is_told(deployed: Deployed) -> None:
    done = deployed.run(CHAT, "--runtime", "my-agent", "Count to 9")
    assert (done.returncode, done.stderr) == (1, "chat: Not the ARN of an AgentCore runtime: my-agent\n")


def test_without_credentials_it_says_so(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_") and "ENDPOINT" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    done = deployed.run(CHAT, "--runtime", deployed.arn, "Count to 9")
    assert done.returncode == 1
    assert "No AWS credentials were found. (credentials)" in done.stderr
