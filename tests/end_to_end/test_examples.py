"""Examples with files of their own: each README, followed to the letter in a copy of its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.end_to_end.test_tutorial import followed
from tests.example import EXAMPLES


def done(example: str, folder: Path, streamplate: Path) -> dict[str, str]:
    """What each command of an example's README printed."""
    copy = shutil.copytree(EXAMPLES / example, folder / example, ignore=shutil.ignore_patterns(example, "desk"))
    return followed(copy / "README.md", copy, streamplate)


def test_a_support_agent_whose_refunds_are_approved(streamplate: Path, tmp_path: Path) -> None:
    commands = done("support-agent", tmp_path, streamplate)

    assert "passed" in commands["uv run pytest -q tests/test_refunds.py"]


def test_a_research_agent_in_the_background(streamplate: Path, tmp_path: Path) -> None:
    commands = done("research-agent", tmp_path, streamplate)

    assert "[tyres.md:3] John Boyd Dunlop" in commands["uv run python research.py read tyres"]
    assert "cancelled" in commands["uv run python research.py stop long"]
    assert "passed" in commands["uv run pytest -q tests/test_research.py"]


def test_a_companys_template_makes_an_agent_and_updates_it(streamplate: Path, tmp_path: Path) -> None:
    commands = done("company-template", tmp_path, streamplate)

    assert "ticket T1 is open" in commands['uv run chat "Ticket: my screen is dark"']
    assert "v1.0.0 → v1.1.0" in commands["streamplate update --defaults"]
    assert "src/desk/tools/tickets.py" in commands["git diff HEAD --stat"]
    assert commands["tail -n 1 AGENTS.md"] == "Ask Ada before you change the prompt.\n"
    assert "urgent" in (tmp_path / "company-template/desk/src/desk/tools/tickets.py").read_text("utf-8")
    assert not (tmp_path / "company-template/desk/src/desk/tools/weather.py").exists()
