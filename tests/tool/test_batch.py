"""Many projects at once."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]
Publish = Callable[..., None]

BROKEN = {
    "dirty": lambda path: (path / "agent.py").write_text("uncommitted\n"),
    "markers": lambda path: commit(path, "<<<<<<< a\n=======\n>>>>>>> b\n"),
    "no-git": lambda path: shutil.rmtree(path / ".git"),
    "unreadable": lambda path: (path / ".copier-answers.yml").write_text("a: ["),
    "newer": lambda path: replace_answer(path, "v0.1.0", "v9.0.0"),
    "bad-answer": lambda path: replace_answer(path, "- weather", "- wether"),
    "untracked": lambda path: (path / "new.py").write_text("mine\n"),
}


def git(path: Path, *args: str) -> str:
    return subprocess.check_output(["git", *args], cwd=path, text=True)


def commit(path: Path, content: str) -> None:
    (path / "agent.py").write_text(content)
    git(path, "commit", "-qam", "mine")


def replace_answer(path: Path, old: str, new: str) -> None:
    answers = path / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(old, new))
    git(path, "commit", "-qam", "answers")


@pytest.fixture
def fifty(publish: Publish, streamplate: Command, tmp_path: Path) -> Path:
    """50 projects at v0.1.0 with v0.2.0 on board: one broken in each way, one in conflict, one of another template."""
    lines = "".join(f"{number}\n" for number in range(30))
    publish({"agent.py": lines}, {"agent.py": lines.replace("7\n", "seven\n"), "new.py": "theirs\n"})
    folder = tmp_path / "fleet"
    streamplate("new", folder / "agent-00", "--defaults", "--release", "0.1.0")
    names = [*BROKEN, "conflict", "foreign", *(f"agent-{number:02}" for number in range(1, 41))]
    for name in names:
        shutil.copytree(folder / "agent-00", folder / name, symlinks=True)
    for name, break_it in BROKEN.items():
        break_it(folder / name)
    commit(folder / "conflict", lines.replace("7\n", "mine\n"))
    replace_answer(folder / "foreign", "https://streamplate.invalid/", "https://elsewhere.invalid/")
    return folder


def test_no_failure_stops_another(fifty: Path, streamplate: Command) -> None:
    result = streamplate("update", "--all", fifty, "--json")
    reports = {Path(report["path"]).name: report for report in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert len(reports) == 50
    assert {name for name, report in reports.items() if report["status"] == "failed"} == {*BROKEN, "foreign"}
    assert all(reports[name]["error"] for name in BROKEN)
    assert reports["conflict"]["conflicts"] == ["agent.py"]
    assert "streamplate trust https://elsewhere.invalid/" in reports["foreign"]["hint"]
    updated = [name for name, report in reports.items() if report["status"] == "updated"]
    assert len(updated) == 41
    for name in updated:
        assert git(fifty / name, "status", "--porcelain").splitlines()[-1] == "A  new.py"
    assert (fifty / "dirty" / "agent.py").read_text() == "uncommitted\n"
    assert (fifty / "untracked" / "new.py").read_text() == "mine\n"


def test_a_table_says_what_happened_to_each(publish: Publish, streamplate: Command) -> None:
    publish({"agent.py": "1\n"}, {"agent.py": "2\n"})
    for name in ("a", "b"):
        streamplate("new", name, "--defaults", "--release", "0.1.0")
    commit(Path("b"), "mine\n")
    result = streamplate("update", "a", "b")
    assert result.output.splitlines() == [
        "updated    a: v0.1.0 → v0.2.0",
        "conflicts  b: v0.1.0 → v0.2.0; resolve agent.py",
        "1 updated, 1 conflicts",
    ]
    assert result.exit_code == 3


def test_no_project_below_a_folder(streamplate: Command, tmp_path: Path) -> None:
    result = streamplate("update", "--all", tmp_path)
    assert (result.exit_code, "There is no project below" in result.stderr) == (2, True)


def test_check_says_which_are_whole_and_up_to_date(fifty: Path, streamplate: Command) -> None:
    streamplate("update", fifty / "agent-00")
    result = streamplate("check", "--all", fifty, "--json")
    statuses = {Path(health["path"]).name: health["status"] for health in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert statuses["agent-00"] == "up to date"
    assert statuses["agent-01"] == "outdated"
    assert statuses["foreign"] == "untrusted"
    assert {name for name, status in statuses.items() if status == "broken"} == {"markers", "unreadable", "newer"}
    assert streamplate("check", fifty / "agent-00").exit_code == 0
    assert "v0.1.0 → v0.2.0: streamplate update" in streamplate("check", fifty / "agent-01").output
