"""What `update` must never do: lose work, follow a stranger, go back, or leave half an update behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from streamplate import template

Command = Callable[..., Result]
Publish = Callable[..., None]
PROJECT = Path("my-agent")


def git(*args: str) -> str:
    return subprocess.check_output(["git", *args], cwd=PROJECT, text=True)


def commit() -> None:
    git("add", "--all")
    git("commit", "-q", "-m", "mine")


def rewrite_answers(old: str, new: str) -> None:
    answers = PROJECT / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(old, new))
    commit()


@pytest.fixture(autouse=True)
def project(publish: Publish, streamplate: Command) -> None:
    """my-agent at v0.1.0, with v0.2.0 on board."""
    publish({"agent.py": "1\n"}, {"agent.py": "2\n", "new.py": "theirs\n"})
    streamplate("new", PROJECT, "--defaults", "--release", "0.1.0")


def refused(streamplate: Command, *args: str, code: int = 1) -> str:
    """What is said by a refusal that leaves everything as it was."""
    before = {path: path.read_bytes() for path in PROJECT.rglob("*") if path.is_file()}
    result = streamplate("update", PROJECT, *args)
    assert result.exit_code == code, result.output
    assert {path: path.read_bytes() for path in PROJECT.rglob("*") if path.is_file()} == before
    return result.stderr


def test_a_dirty_tree(streamplate: Command) -> None:
    (PROJECT / "agent.py").write_text("mine\n")
    assert "has uncommitted changes: agent.py\nCommit or stash them first" in refused(streamplate)


def test_an_untracked_file_where_the_template_adds_one(streamplate: Command) -> None:
    (PROJECT / "new.py").write_text("mine\n")
    assert "files that are there, unknown to git: new.py" in refused(streamplate)


def test_other_untracked_files_are_left_alone(streamplate: Command) -> None:
    (PROJECT / "notes.txt").write_text("mine\n")
    assert streamplate("update", PROJECT).exit_code == 0
    assert "?? notes.txt" in git("status", "--porcelain")


def test_markers_that_were_committed(streamplate: Command) -> None:
    (PROJECT / "agent.py").write_text("<<<<<<< yours\na\n=======\nb\n>>>>>>> v0.1.0\n")
    commit()
    assert "Conflict markers are left in agent.py" in refused(streamplate)


def test_a_folder_that_is_no_project(streamplate: Command) -> None:
    result = streamplate("update", ".")
    assert (result.exit_code, "is not a project of streamplate" in result.stderr) == (2, True)


def test_a_project_without_history(streamplate: Command) -> None:
    streamplate("new", "bare", "--defaults", "--no-git", "--release", "0.1.0")
    result = streamplate("update", "bare")
    assert (result.exit_code, "bare is not committed to git" in result.stderr) == (1, True)


@pytest.mark.parametrize(("text", "code"), [("- not\n- answers\n", 1), ("a: [\n", 1), ("tools: []\n", 1), ("\0", 1)])
def test_answers_that_cannot_be_read(streamplate: Command, text: str, code: int) -> None:
    (PROJECT / ".copier-answers.yml").write_text(text)
    commit()
    assert "cannot be read" in refused(streamplate, code=code)


def test_a_project_of_another_template(streamplate: Command) -> None:
    rewrite_answers(template.SOURCE, "https://example.com/theirs.git")
    said = refused(streamplate, code=2)
    assert "was made from another template, https://example.com/theirs.git" in said
    assert "--template https://example.com/theirs.git" in said


def test_a_project_of_a_newer_release(streamplate: Command) -> None:
    rewrite_answers("v0.1.0", "v7.0.0")
    assert "Upgrade streamplate" in refused(streamplate)


def test_a_project_of_an_unreleased_commit(streamplate: Command) -> None:
    rewrite_answers("v0.1.0", "v0.1.0-3-gabcdef0")
    assert "On board: v0.1.0, v0.2.0" in refused(streamplate)


def test_going_back(streamplate: Command) -> None:
    streamplate("update", PROJECT)
    commit()
    assert "going back to v0.1.0 is not supported" in refused(streamplate, "--to", "0.1.0", code=2)


def test_a_release_that_does_not_exist(streamplate: Command) -> None:
    assert "There is no release v0.7.0" in refused(streamplate, "--to", "v0.7.0", code=2)


def test_an_unknown_question(streamplate: Command) -> None:
    assert "No question is called 'tols'" in refused(streamplate, "-d", "tols=time", code=2)


def test_a_file_that_another_git_command_holds(streamplate: Command) -> None:
    (PROJECT / ".git" / "index.lock").touch()
    assert "Another git command is at work" in refused(streamplate)


KILL = """
import os, signal, sys
import streamplate
from streamplate import template
from streamplate.updating import worktree
from streamplate.cli import main

bundle, step = sys.argv[1], int(sys.argv[2])
template.BUNDLE, template.CHECKOUT, streamplate.__version__ = template.Path(bundle), None, "0.2.0"

def counted(function):
    def call(*args, **options):
        global step
        step -= 1
        if step == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options)
    return call

for name in ("_write_at_once", "_in_index", "_remove", "_replace_index"):
    setattr(worktree, name, counted(getattr(worktree, name)))
os.replace = counted(os.replace)
main(["update", "my-agent"])
"""


@pytest.mark.parametrize("step", range(1, 11))
def test_killed_at_any_step_it_is_finished_by_running_it_again(streamplate: Command, step: int) -> None:
    """At its n-th step that writes to the project the update is killed: no clean-up of any kind runs."""
    done = subprocess.run([sys.executable, "-c", KILL, template.BUNDLE, str(step)], capture_output=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    git("status", "--porcelain")
    (PROJECT / ".git" / "index.lock").unlink(missing_ok=True)
    assert streamplate("update", PROJECT).exit_code == 0
    assert (PROJECT / "agent.py").read_text() == "2\n"
    assert git("status", "--porcelain").splitlines() == ["M  .copier-answers.yml", "M  agent.py", "A  new.py"]


def test_work_done_after_a_kill_is_not_taken_back(streamplate: Command) -> None:
    subprocess.run([sys.executable, "-c", KILL, template.BUNDLE, "4"], capture_output=True)
    assert list((PROJECT / ".git").rglob("update.json"))
    (PROJECT / "agent.py").write_text("mine\n")
    assert "An update was interrupted, and agent.py was edited since" in refused(streamplate)
