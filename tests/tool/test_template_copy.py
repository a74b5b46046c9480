"""A company's template from beginning to end, as CONTRIBUTING.md says: begun, released, rolled out, merged."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]
Publish = Callable[..., None]
OURS = Path("our-template")
LINES = "".join(f"line {number}\n" for number in range(20))
FIRST = {"agent.py": LINES, "deploy.py": "deploy\n" * 5}
NEXT = {
    "agent.py": LINES.replace("line 3\n", "newer\n"),
    "ops/deploy.py": "deploy\n" * 5 + "again\n",
    "template/releases/v0.2.0.yml": "summary: Newer\nrenames: {deploy.py: ops/deploy.py}\n",
}
GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"


def git(*args: str, cwd: Path = OURS) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


def commit(message: str, cwd: Path = OURS) -> None:
    git("add", "-A", cwd=cwd)
    git("commit", "-qm", message, cwd=cwd)


@pytest.fixture
def begun(publish: Publish, streamplate: Command) -> None:
    """A company's template with a tool and a policy, at v1.0.0, and two projects of it with edits."""
    publish(FIRST, NEXT)
    assert streamplate("template", OURS, "--release", "0.1.0").exit_code == 0
    assert git("branch", "--format=%(refname:short)").split() == ["main", "streamplate"]
    questions = OURS / "copier.yml"
    questions.write_text(questions.read_text().replace("choices: [weather, time]", "choices: [weather, time, crm]"))
    (OURS / "template/project/agent.py").write_text(LINES.replace("line 10\n", "the company's\n"))
    (OURS / "template/project/execution-crm.json").write_text("{}\n")
    commit("A tool and a policy")
    git("tag", "v1.0.0")
    assert streamplate("trust", OURS).exit_code == 0
    for name in ("agents/one", "agents/two"):
        made = streamplate("new", name, "--template", OURS, "--defaults", "-d", "tools=crm")
        assert made.exit_code == 0, made.output
        path = Path(name, "deploy.py")
        path.write_text("mine\n" + path.read_text())
        commit("mine", Path(name))


def test_our_release_is_taken_over_and_rolled_out(begun: None, streamplate: Command) -> None:
    taken = streamplate("template", OURS)
    assert (taken.exit_code, "git merge streamplate" in taken.output) == (0, True)
    assert git("status", "--porcelain") == ""
    git("merge", "-q", "--no-edit", "streamplate")
    git("mv", "template/releases/v0.2.0.yml", "template/releases/v1.1.0.yml")
    commit("streamplate v0.2.0")
    git("tag", "v1.1.0")
    merged = LINES.replace("line 3\n", "newer\n").replace("line 10\n", "the company's\n")
    assert (OURS / "template/project/agent.py").read_text() == merged
    assert streamplate("check", "--all", "agents").exit_code == 1

    args = ("--all", "agents", "--defaults", "--branch", "template-v1.1.0", "--report", "update.md")
    result = streamplate("update", *args, "--json")

    assert result.exit_code == 0, result.output
    assert [report["status"] for report in json.loads(result.stdout)] == ["updated", "updated"]
    assert "- v1.1.0: Newer" in Path("update.md").read_text()
    for name in ("agents/one", "agents/two"):
        assert git("status", "--porcelain", cwd=Path(name)) == ""
        git("switch", "-q", "template-v1.1.0", cwd=Path(name))
        assert Path(name, "agent.py").read_text() == merged
        assert Path(name, "ops/deploy.py").read_text() == "mine\n" + "deploy\n" * 5 + "again\n"
    assert streamplate("check", "--all", "agents").exit_code == 0
    assert "is at v0.2.0 already" in streamplate("template", OURS).output


def test_projects_of_ours_are_taken_over(begun: None, streamplate: Command) -> None:
    assert streamplate("new", "before", "--defaults", "--release", "0.1.0").exit_code == 0
    assert streamplate("source", OURS, "before").exit_code == 1
    git("tag", "v0.1.0", "streamplate")
    moved = streamplate("source", OURS, "before")
    assert moved.exit_code == 0, moved.output
    commit("the company's", Path("before"))
    assert streamplate("check", "before").output.startswith("outdated   v0.1.0 → v1.0.0"[:8])
    updated = streamplate("update", "before")
    assert updated.exit_code == 0, updated.output
    assert Path("before/agent.py").read_text() == LINES.replace("line 10\n", "the company's\n")


@pytest.mark.parametrize("case", ["no repository", "no branch", "on the branch"])
def test_where_it_cannot_be_taken(begun: None, streamplate: Command, case: str) -> None:
    folder = Path("agents") if case == "no repository" else Path("agents/one") if case == "no branch" else OURS
    git("switch", "-q", "streamplate")
    before = git("rev-parse", "streamplate")
    result = streamplate("template", folder)
    said = {"no repository": "is no git repository", "no branch": "has no branch", "on the branch": "git switch main"}
    assert (result.exit_code in (1, 2), said[case] in result.stderr) == (True, True)
    assert git("rev-parse", "streamplate") == before


def test_the_guide_names_commands_that_there_are(streamplate: Command) -> None:
    text = GUIDE.read_text("utf-8").partition("## A company's own template")[2]
    for name, options in re.findall(r"streamplate ([a-z]+)\b([^`\n]*)", text):
        helped = streamplate(name, "--help")
        assert helped.exit_code == 0, name
        for option in re.findall(r"--[a-z-]+", options):
            assert option in helped.output, (name, option)
