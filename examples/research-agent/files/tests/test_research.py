"""The sources, and research that outlives its connection."""

from pathlib import Path
from typing import Any

import pytest

import research
from research_agent.tools.sources import search_sources

from .agent_client import AgentClient
from clients.python import AgentClient as Client
from clients.python import AgentError


@pytest.fixture
def told(
    agent: AgentClient, agent_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> Any:
    """What the script prints."""
    monkeypatch.setattr(research, "FOLDER", tmp_path)
    monkeypatch.setattr(research, "AGENT", Client(agent_url))

    def run(*arguments: str) -> str:
        research.main(arguments)
        return str(capsys.readouterr().out)

    return run


def test_paragraphs_are_found_with_their_place() -> None:
    first, second = search_sources("pneumatic tyre").split("\n\n")

    assert first.startswith("[tyres.md:3] John Boyd Dunlop") and second.startswith("[tyres.md:6] In 1891")
    assert search_sources("pedals Rover").startswith("No paragraph")
    with pytest.raises(ValueError, match="at least one word"):
        search_sources("?")


def test_a_report_is_read_after_its_caller_has_left(told: Any) -> None:
    assert "goes on" in told("start", "tyres", 'call search_sources {"words": "Michelin"}')

    assert "[tyres.md:6] In 1891" in told("read", "tyres")
    assert told("read", "tyres").strip() == "It has ended: success."


def test_reading_goes_on_where_it_stopped(told: Any) -> None:
    told("start", "count", "Count to 200")
    first = told("read", "count", "--seconds", "0.3")
    rest = told("read", "count")

    numbers = f"{first}{rest}".replace("It goes on.", "").replace("It has ended: success.", "").split()
    assert numbers == [str(number) for number in range(1, 201)]
    assert "It goes on." in first


def test_it_can_be_stopped(told: Any) -> None:
    told("start", "long", "Count to 9000")

    with pytest.raises(AgentError, match="another name"):
        told("start", "long", "Count to 3")
    assert told("stop", "long") == "It has ended: cancelled.\n"
    assert "It has ended: cancelled." in told("read", "long")


def test_what_cannot_be_done_is_said(told: Any) -> None:
    with pytest.raises(AgentError, match="Start it first"):
        told("read", "unknown")
    with pytest.raises(AgentError, match="prompt"):
        told("start", "nothing")
    with pytest.raises(SystemExit):
        told("start", "../it", "Hello")
