"""The day after an update: what is new, what is to be done by hand, what tests it; one report for many projects."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]
Publish = Callable[..., None]
PROJECT = Path("my-agent")
OLD = """\
name = "a"
# repository = "agents"
# idle = 5

[tags]
project = "a"

[lifecycle]
idle_seconds = 900
# [secrets]
# API_KEY = "arn"
"""
NEW = """\
name = "a"

[tags]
project = "a"

[lifecycle]
idle_seconds = 1000
# [secrets]
# OTHER_KEY = "arn"
"""
NOTES = """\
summary: Approvals and a chat page; traces
breaking: ["`agent.py` is a function"]
manual: ["Run `uv sync`"]
settings: {"deploy.toml:repository": "the registry is `[container] repository`"}
"""


@pytest.fixture
def project(publish: Publish, streamplate: Command) -> None:
    pyproject = "[dependency-groups]\ndev = ['pytest', 'mypy']\n"
    publish(
        {"deploy.toml": OLD, "pyproject.toml": pyproject},
        {"deploy.toml": NEW, "pyproject.toml": pyproject, "template/releases/v0.2.0.yml": NOTES},
    )
    assert streamplate("new", PROJECT, "--defaults", "--release", "0.1.0").exit_code == 0


def commit(text: str) -> None:
    (PROJECT / "deploy.toml").write_text(text)
    subprocess.run(["git", "commit", "-qam", "mine"], cwd=PROJECT, check=True)


@pytest.mark.parametrize(
    ("mine", "steps"),
    [
        (
            OLD.replace('# repository = "agents"', 'repository = "ours"'),
            ["deploy.toml: `repository` is not read any more: the registry is `[container] repository`"],
        ),
        (
            OLD.replace("# idle = 5", "# idle = 5\n[environments.prod]\nidle = 6\n"),
            ["deploy.toml: `idle` is not read any more, take it out"],
        ),
        (OLD.replace('# [secrets]\n# API_KEY = "arn"', '[secrets]\nAPI_KEY = "arn"'), []),
        ('name = "b"\n', []),
    ],
)
def test_a_setting_that_went_away_is_named(project: None, streamplate: Command, mine: str, steps: list[str]) -> None:
    commit(mine)
    (report,) = json.loads(streamplate("update", PROJECT, "--json").stdout)
    assert report["manual"] == ["Run `uv sync`", *steps]


def test_what_is_new_and_what_is_to_be_done(project: None, streamplate: Command) -> None:
    shown = streamplate("update", PROJECT, "--preview", "--json")
    output = streamplate("update", PROJECT).output
    (report,) = json.loads(shown.stdout)
    assert report["news"] == ["v0.2.0: Approvals and a chat page", "v0.2.0: traces"]
    assert report["checks"] == ["uv sync", "uv run mypy", "uv run pytest"]
    assert "What is new:\n  v0.2.0: Approvals and a chat page\n  v0.2.0: traces\n" in output
    assert "To do by hand:\n  [ ] Run `uv sync`\n" in output
    assert "To test it:\n  uv sync\n  uv run mypy\n  uv run pytest\n" in output


def test_one_report_of_many_projects(project: None, streamplate: Command) -> None:
    commit(OLD.replace("900", "901"))
    streamplate("new", "other", "--defaults", "--release", "0.1.0")
    Path("other/deploy.toml").write_text("changed\n")

    result = streamplate("update", "--all", ".", "--report", "update.md")

    assert result.exit_code == 1
    text = Path("update.md").read_text()
    assert text.startswith(
        "# Template update: 1 conflicts, 1 failed\n\n## What is new\n\n- v0.2.0: Approvals and a chat"
    )
    assert text.count("Approvals and a chat page") == 1
    mine, other = text.partition("## my-agent: conflicts\n\nv0.1.0 → v0.2.0\n")[2].split("## other: failed\n")
    assert "- [ ] deploy.toml\n" in mine and "- [ ] Run `uv sync`\n" in mine and "- [ ] uv run pytest\n" in mine
    assert "- `agent.py` is a function\n" in mine
    assert "uncommitted changes: deploy.toml" in other
