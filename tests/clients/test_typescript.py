"""The TypeScript client: put through the project's own tests, and asking a deployed agent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import node
from tests.browser.agents import own_tests

COUNTED = " ".join(map(str, range(1, 21))) + "\n"


@pytest.fixture(scope="module")
def built(project: Path, typescript: Path) -> Path:
    """Its folder, after its own tests, which build it."""
    own_tests(project, "typescript")
    return typescript


def test_a_deployed_agent_is_asked_with_aws_credentials(built: Path, arn: str) -> None:
    code, out, err = node.run(built, "dist/ask.js", "--arn", arn, "Count to 20")
    assert (code, out) == (0, COUNTED), err


def test_a_deployed_agent_is_asked_with_a_bearer_token(
    built: Path, arn: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_TOKEN", token)
    session = ["--arn", arn, "--session", "s" * 36]
    code, out, err = node.run(built, "dist/ask.js", *session, "Count to 20")
    assert (code, out) == (0, COUNTED), err
    assert "Count to 20" in node.run(built, "dist/ask.js", *session, "What was my first question?")[1]


def test_a_token_that_the_runtime_does_not_take_is_told(
    built: Path, arn: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_TOKEN", f"{token[:-4]}xxxx")
    code, out, err = node.run(built, "dist/ask.js", "--arn", arn, "Count to 20")
    assert (code, out) == (1, "")
    assert "JWT bearer token rejected" in err
    assert err.count("\n") == 1
