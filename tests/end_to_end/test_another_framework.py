"""A conversation, with a pause in it, goes on in other frameworks and with other providers: the history is neutral."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.conftest import run
from tests.end_to_end.test_main_job import SESSION_HEADER, ask, serving, text

LATER = [("langgraph", "anthropic"), ("pydantic-ai", "openai"), ("google-adk", "gemini")]


def test_a_conversation_goes_on_in_another_framework(
    streamplate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_STORAGE", str(tmp_path / "storage"))
    project, session = tmp_path / "my-agent", str(uuid.uuid4())
    run(streamplate, "new", project, "--defaults", "-d", "tools=calculator,messages", "-d", "memory=session-storage")
    run("uv", "sync", "--quiet", cwd=project)

    with serving(project) as url:
        ask(url, "What is 6*7?", session)
        (interrupt,) = asked(ask(url, "Send a message to Ada: it works", session)[0])
    for number, (framework, provider) in enumerate(LATER):
        configure(streamplate, project, framework, provider)
        with serving(project) as url:
            events = resumed(url, session, interrupt)
            assert "Ada" in text(events) and events[-1]["outcome"]["type"] == "success"
            calculated, _ = ask(url, f"What is 100*{number}+1?", session)
            assert str(100 * number + 1) in text(calculated)
            assert "6*7" in text(ask(url, "What was my first question?", session)[0])
            (interrupt,) = asked(ask(url, f"Send a message to Ada: {framework} works too", session)[0])


def asked(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The interrupts with which a run ended."""
    found: list[dict[str, Any]] = events[-1]["outcome"]["interrupts"]
    return found


def resumed(url: str, session: str, interrupt: dict[str, Any]) -> list[dict[str, Any]]:
    """The run that goes on after a yes."""
    body = {"resume": [{"interruptId": interrupt["id"], "status": "resolved", "payload": {"approved": True}}]}
    response = httpx.post(f"{url}/invocations", json=body, headers={SESSION_HEADER: session}, timeout=60)
    assert response.is_success, response.text
    lines = (line for line in response.text.splitlines() if line.startswith("data: "))
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def configure(streamplate: Path, project: Path, framework: str, provider: str) -> None:
    """The project with another framework and another provider."""
    run(streamplate, "configure", project, "-d", f"framework={framework}", "-d", f"model_provider={provider}")
    subprocess.run(["git", "commit", "--quiet", "--all", "--message", framework], cwd=project, check=True)
    run("uv", "sync", "--quiet", cwd=project)
