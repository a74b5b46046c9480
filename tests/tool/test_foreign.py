"""Projects of other templates: followed when their owner says so, and nothing of theirs runs unasked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]
Release = Callable[..., None]
PROJECT = Path("my-agent")
LINES = "".join(f"line {number}\n" for number in range(20))
COPIER_YML = "name: world\n"


def git(*args: str, cwd: Path) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A template repository with an ordinary answers file, and nothing of ours."""
    fork = tmp_path / "fork.git"
    git("init", "-q", str(fork), cwd=tmp_path)
    (fork / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers | to_nice_yaml -}}\n")
    return fork


@pytest.fixture
def release(fork: Path) -> Release:
    """`release("v1.0.0", path=content)` commits and tags files of the fork."""

    def release(tag: str, **files: str) -> None:
        for name, content in files.items():
            (fork / name.replace("_", ".")).write_text(content)
        git("add", "--all", cwd=fork)
        git("commit", "-q", "-m", tag, cwd=fork)
        git("tag", tag, cwd=fork)

    return release


@pytest.fixture
def url(fork: Path, release: Release) -> str:
    """Address of the fork, from which plain Copier has made my-agent at v1.0.0."""
    release("v1.0.0", copier_yml=COPIER_YML, agent_py=LINES)
    subprocess.run([sys.executable, "-m", "copier", "copy", "-q", "--defaults", fork, PROJECT], check=True)
    git("init", "-q", cwd=PROJECT)
    (PROJECT / "agent.py").write_text(LINES.replace("line 18\n", "mine\n"))
    git("add", "--all", cwd=PROJECT)
    git("commit", "-qm", "mine", cwd=PROJECT)
    return str(fork)


def test_it_is_followed_with_edits_kept(streamplate: Command, url: str, release: Release) -> None:
    release("v1.10.0", agent_py=LINES.replace("line 3\n", "theirs\n"))
    release("v1.9.0", agent_py="older\n")
    release("v2.0.0rc1", agent_py="not yet\n")
    assert streamplate("update", PROJECT).exit_code == 2
    result = streamplate("update", PROJECT, "--template", url)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines() == [f"Rendering {url} v1.0.0", f"Rendering {url} v1.10.0"]
    assert (PROJECT / "agent.py").read_text() == LINES.replace("line 3\n", "theirs\n").replace("line 18\n", "mine\n")
    answers = (PROJECT / ".copier-answers.yml").read_text()
    assert answers == f"_commit: v1.10.0\n_src_path: {url}\nname: world\n"


def test_its_tasks_are_named_and_run_only_when_trusted(
    streamplate: Command, url: str, release: Release, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    release("v2.0.0", copier_yml=COPIER_YML + f"_tasks: ['touch {ran}']\n", agent_py=LINES)
    refused = streamplate("update", PROJECT, "--template", url)
    assert refused.exit_code == 2
    assert f"{url} v2.0.0 runs code of its own: touch {ran}\nTo let it: --trust" in refused.stderr
    assert not ran.exists()
    trusted = streamplate("update", PROJECT, "--template", url, "--trust")
    assert f"Rendering {url} v2.0.0, which runs: touch {ran}" in trusted.stderr
    assert ran.exists()


def test_only_the_template_that_the_project_records(streamplate: Command, url: str) -> None:
    result = streamplate("update", PROJECT, "--template", "https://example.com/other.git")
    assert (result.exit_code, "not from https://example.com/other.git" in result.stderr) == (2, True)


def test_up_to_date(streamplate: Command, url: str) -> None:
    assert streamplate("update", PROJECT, "--template", url).output == "my-agent is up to date (v1.0.0)\n"


def test_gone(streamplate: Command, url: str, fork: Path) -> None:
    fork.rename(fork.with_name("moved"))
    result = streamplate("update", PROJECT, "--template", url)
    assert (result.exit_code, f"{url} cannot be fetched" in result.stderr) == (1, True)
