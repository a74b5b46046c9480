"""The Python clients against a deployed agent, with AWS credentials and with a bearer token."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

CHAT = "import sys; from clients.terminal import main; sys.exit(main())"
SYNC = """
import sys
from ag_ui.core import TextMessageContentEvent
from clients.python import AgentClient, new_session
for event in AgentClient.deployed(*sys.argv[2:]).stream(sys.argv[1], new_session()):
    if isinstance(event, TextMessageContentEvent):
        print(event.delta, end="")
"""
ASYNC = """
import asyncio, sys
from ag_ui.core import TextMessageContentEvent
from clients.python import AsyncAgentClient, new_session
async def main():
    async for event in AsyncAgentClient.deployed(*sys.argv[2:]).stream(sys.argv[1], new_session()):
        if isinstance(event, TextMessageContentEvent):
            print(event.delta, end="")
asyncio.run(main())
"""


def run(project: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A script in the project's environment."""
    command = [project / ".venv/bin/python", "-c", script, *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("script", [SYNC, ASYNC], ids=["sync", "async"])
def test_the_python_client_asks_the_runtime(project: Path, arn: str, script: str) -> None:
    done = run(project, script, "Count to 9", arn)
    assert done.stdout == "1 2 3 4 5 6 7 8 9", done.stderr


@pytest.mark.parametrize("script", [SYNC, ASYNC], ids=["sync", "async"])
def test_the_python_client_asks_with_a_bearer_token(project: Path, arn: str, token: str, script: str) -> None:
    done = run(project, script, "Count to 9", arn, token)
    assert done.stdout == "1 2 3 4 5 6 7 8 9", done.stderr


def test_the_chat_asks_the_runtime(project: Path, arn: str) -> None:
    done = run(project, CHAT, "--runtime", arn, "Count to 9")
    assert done.stdout == "1 2 3 4 5 6 7 8 9\n", done.stderr


def test_the_chat_asks_with_a_bearer_token(
    project: Path, arn: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_TOKEN", token)
    done = run(project, CHAT, "--runtime", arn, "Count to 9")
    assert done.stdout == "1 2 3 4 5 6 7 8 9\n", done.stderr


def test_what_agentcore_refuses_is_told(project: Path, arn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_TOKEN", "no-token-of-ours")
    done = run(project, CHAT, "--runtime", arn, "Count to 9")
    assert done.returncode == 1
    assert "(AccessDeniedException)" in done.stderr
    assert "Authorization method mismatch" in done.stderr


def test_what_is_no_arn_is_told(project: Path) -> None:
    done = run(project, CHAT, "--runtime", "my-agent", "Count to 9")
    assert (done.returncode, done.stderr) == (1, "chat: Not the ARN of an AgentCore runtime: my-agent\n")


def test_without_credentials_it_says_so(project: Path, arn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_") and "ENDPOINT" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    done = run(project, CHAT, "--runtime", arn, "Count to 9")
    assert done.returncode == 1
    assert "No AWS credentials were found. (no_credentials)" in done.stderr
