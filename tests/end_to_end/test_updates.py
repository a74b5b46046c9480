"""A project of every release, edited as its owner would, brought to the newest: the edits stay, all of it works."""

from __future__ import annotations

import filecmp
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamplate import template

from tests.end_to_end.conftest import run

PACKAGE = Path("src", "my_agent")
SESSIONS = PACKAGE / "server" / "sessions.py"
DICE = '''"""A tool of one's own."""


def roll_dice(sides: int) -> str:
    """Roll a die that always shows its highest number.

    Args:
        sides: How many sides the die has.
    """
    return str(sides)
'''
DICE_TEST = """from my_agent import tools


def test_the_die_is_offered_to_the_model() -> None:
    assert "roll_dice" in [function.__name__ for function in tools.FUNCTIONS]
"""
BEFORE, SINCE = "[function.__name__ for function in tools.FUNCTIONS]", "[tool.name for tool in tools.TOOLS]"
OWN = """\"\"\"My own tools.\"\"\"

from .dice import roll_dice

TOOLS = [roll_dice]
"""


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1))


def add_a_tool(project: Path) -> None:
    """As it was done before 0.5.0, or as it is since."""
    tools = project / PACKAGE / "tools"
    (tools / "dice.py").write_text(DICE)
    if (tools / "own.py").exists():
        (tools / "own.py").write_text(OWN)
        (project / "tests" / "test_dice.py").write_text(DICE_TEST.replace(BEFORE, SINCE))
        return
    replace(tools / "__init__.py", "from .calculator", "from .dice import roll_dice\nfrom .calculator")
    replace(tools / "__init__.py", "    calculator,\n", "    calculator,\n    roll_dice,\n")
    (project / "tests" / "test_dice.py").write_text(DICE_TEST)


def change_the_prompt(project: Path) -> None:
    replace(project / PACKAGE / "prompt.py", '"""\\\n', '"""\\\nAnswer as a sailor would.\n')


def delete_a_file(project: Path) -> None:
    (project / ".env.example").unlink()


def rename_a_file(project: Path) -> None:
    (project / "tests" / "test_stream.py").rename(project / "tests" / "test_streaming.py")


def reformat_a_file(project: Path) -> None:
    ruff = (sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", "--line-length", "79")
    run(*ruff, *(project / PACKAGE).rglob("sessions.py"), cwd=project)


def add_a_dependency(project: Path) -> None:
    replace(project / "pyproject.toml", "dependencies = [\n", 'dependencies = [\n    "humanize>=4.12",\n')


EDITS: list[Callable[[Path], None]] = [
    add_a_tool,
    change_the_prompt,
    delete_a_file,
    rename_a_file,
    reformat_a_file,
    add_a_dependency,
]


@pytest.mark.parametrize("release", template.releases()[:-1])
def test_the_owners_edits_and_the_templates_changes_work_together(
    release: str, streamplate: Path, tmp_path: Path
) -> None:
    project = tmp_path / "my-agent"
    run(streamplate, "new", project, "--defaults", "--release", release)
    for edit in EDITS:
        edit(project)
    commit(project)

    updated = subprocess.run([streamplate, "update", project, "--json"], capture_output=True, text=True)
    report = json.loads(updated.stdout)[0]

    assert updated.returncode in {0, 3} and report["kept"] == []
    assert set(report["conflicts"]) <= {str(PACKAGE / "tools/__init__.py"), str(SESSIONS)}
    assert set(report["missed"]) <= {".env.example"}
    if report["conflicts"]:
        assert any("tools/own.py" in note for note in report["manual"])
        follow_the_notes(project)
    assert "sailor" in (project / PACKAGE / "prompt.py").read_text()
    assert "humanize" in (project / "pyproject.toml").read_text()
    assert not (project / ".env.example").exists()
    assert not (project / "tests" / "test_stream.py").exists()
    assert_like_new(streamplate, project)
    run("uv", "sync", "--quiet", cwd=project)
    run("uv", "run", "--no-sync", "mypy", cwd=project)
    run("uv", "run", "--no-sync", "pytest", "-q", cwd=project)
    commit(project)
    assert "up to date" in run(streamplate, "update", project)
    run(streamplate, "check", project)


def follow_the_notes(project: Path) -> None:
    """What 0.5.0 asks of an owner with a tool: it moves to `own.py`. Formatting of theirs they would do again."""
    unmerged = run("git", "diff", "--name-only", "--diff-filter=U", cwd=project).split()
    run("git", "checkout", "--quiet", "--theirs", "--", *unmerged, cwd=project)
    (project / PACKAGE / "tools" / "own.py").write_text(OWN)
    replace(project / "tests" / "test_dice.py", BEFORE, SINCE)


def assert_like_new(streamplate: Path, project: Path) -> None:
    """Whatever the owner did not touch is as the newest release makes it."""
    new = project.with_name("new") / "my-agent"
    run(streamplate, "new", new, "--defaults", "--no-git", "--answers", project / ".copier-answers.yml")
    paths = {path.relative_to(root) for root in (project, new) for path in root.rglob("*") if path.is_file()}
    mine = {path for path in paths if path.parts[0] != ".git"}
    touched = {path for path in mine if not same(project / path, new / path)}
    assert touched - {SESSIONS} == {
        Path(".env.example"),
        Path("pyproject.toml"),
        Path("tests/test_dice.py"),
        Path("tests/test_stream.py"),
        Path("tests/test_streaming.py"),
        PACKAGE / "prompt.py",
        PACKAGE / "tools" / "dice.py",
        PACKAGE / "tools" / "own.py",
    }


def same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and filecmp.cmp(one, other, shallow=False)


def commit(project: Path) -> None:
    subprocess.run(["git", "add", "--all"], cwd=project, check=True)
    subprocess.run(["git", "commit", "--quiet", "--message", "mine"], cwd=project, check=True)
