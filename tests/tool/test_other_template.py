"""Projects of other templates: followed when their owner says so, and nothing of theirs runs unasked."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from streamplate import addresses

Command = Callable[..., Result]
Release = Callable[..., None]
PROJECT = Path("my-agent")
LINES = "".join(f"line {number}\n" for number in range(20))
COPIER_YML = "name: world\n"


def git(*args: str, cwd: Path) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


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


def test_a_project_is_made_and_followed(streamplate: Command, url: str, release: Release) -> None:
    release("v1.5.0", agent_py=LINES + "more\n")
    made = streamplate("new", "theirs", "--template", url, "--defaults", "-d", "name=Ada")
    assert made.exit_code == 0, made.stderr
    assert made.stderr == f"Rendering {url} v1.5.0\n"
    assert made.stdout.splitlines()[-2:] == ["Next:", "  cd theirs"]
    assert git("log", "--format=%s", cwd=Path("theirs")) == f"Created from {url} v1.5.0\n"
    answers = Path("theirs/.copier-answers.yml").read_text()
    assert answers == f"_commit: v1.5.0\n_src_path: {url}\nname: Ada\n"
    release("v1.6.0", agent_py=LINES.replace("line 3\n", "theirs\n"))
    assert streamplate("update", "theirs", "--template", url).exit_code == 0
    assert Path("theirs/agent.py").read_text() == LINES.replace("line 3\n", "theirs\n")


def test_a_ref_is_named_behind_the_address(streamplate: Command, url: str, release: Release) -> None:
    release("v2.0.0", agent_py="newer\n")
    assert streamplate("new", "theirs", "--template", f"{url}@v1.0.0", "--defaults").exit_code == 0
    assert Path("theirs/agent.py").read_text() == LINES
    assert streamplate("update", "theirs", "--template", f"{url}@v2.0.0").exit_code == 0
    assert Path("theirs/agent.py").read_text() == "newer\n"
    missing = streamplate("new", "other", "--template", f"{url}@v3", "--defaults")
    assert (missing.exit_code, "That template has no v3" in missing.stderr) == (1, True)


def test_its_tasks_do_not_run_unasked_for_a_new_project(
    streamplate: Command, url: str, release: Release, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    release("v2.0.0", copier_yml=COPIER_YML + f"_tasks: ['touch {ran}']\n")
    refused = streamplate("new", "theirs", "--template", url, "--defaults")
    assert (refused.exit_code, f"runs code of its own: touch {ran}\nTo let it: --trust" in refused.stderr) == (2, True)
    assert not (ran.exists() or Path("theirs").exists())
    trusted = streamplate("new", "theirs", "--template", url, "--defaults", "--trust")
    assert trusted.stderr == f"Rendering {url} v2.0.0, which runs: touch {ran}\n"
    assert ran.exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["-d", "nam=Ada"], "No question is called 'nam'\nDid you mean name?"),
        (["--release", "0.1.0"], "A release is one of our own template"),
        (["--preset", "minimal"], "There is no preset minimal"),
    ],
)
def test_a_wrong_request_for_a_new_project(streamplate: Command, url: str, args: list[str], said: str) -> None:
    result = streamplate("new", "theirs", "--template", url, "--defaults", *args)
    assert (result.exit_code, said in result.stderr) == (2, True)
    assert not Path("theirs").exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a folder that Copier leaves open
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"copier_yml": "a: ["}, "The template's questions cannot be read"),
        ({"copier_yml": "a: {default: x\n"}, "The template's questions cannot be read"),
        ({"copier_yml": "_answers_file: other.yml\n"}, "The template keeps no .copier-answers.yml"),
        ({"agent_py": "", "other_jinja": "{{ nonsense"}, "The template could not be rendered"),
    ],
)
def test_a_template_with_faults(
    streamplate: Command, url: str, release: Release, files: dict[str, str], said: str
) -> None:
    release("v2.0.0", **files)
    result = streamplate("new", "theirs", "--template", url, "--defaults")
    assert (result.exit_code, said in result.stderr) == (1, True)
    assert not Path("theirs").exists()


def test_a_template_without_questions(streamplate: Command, url: str, fork: Path, release: Release) -> None:
    (fork / "copier.yml").unlink()
    release("v2.0.0", agent_py="plain\n")
    assert streamplate("new", "theirs", "--template", url, "--defaults").exit_code == 0
    assert Path("theirs/agent.py").read_text() == "plain\n"


@pytest.mark.parametrize(
    ("text", "url", "ref"),
    [
        ("https://example.com/a.git", "https://example.com/a.git", ""),
        ("https://example.com/a.git@v1.0", "https://example.com/a.git", "v1.0"),
        ("https://example.com/a@feature/x", "https://example.com/a", "feature/x"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git", ""),
        ("git@example.com:a/b.git@main", "git@example.com:a/b.git", "main"),
        ("ssh://git@example.com/a/b", "ssh://git@example.com/a/b", ""),
        ("ssh://git@example.com/a/b@v2", "ssh://git@example.com/a/b", "v2"),
        ("gh:owner/name@v2", "https://github.com/owner/name.git", "v2"),
    ],
)
def test_addresses(text: str, url: str, ref: str) -> None:
    assert addresses.split(text) == (url, ref)


def test_a_folder_is_recorded_by_its_whole_path(tmp_path: Path) -> None:
    Path("my@fork").mkdir()
    assert addresses.split("my@fork") == (str(tmp_path / "my@fork"), "")
    assert addresses.split("my@fork@v1") == (str(tmp_path / "my@fork"), "v1")


@pytest.mark.parametrize("address", ["https://token@example.com/a.git", "https://me:secret@example.com/a.git@v1"])
def test_a_secret_in_an_address_is_not_recorded(streamplate: Command, address: str) -> None:
    result = streamplate("new", "theirs", "--template", address, "--defaults")
    assert result.exit_code == 2
    assert "That address holds a user name or password" in result.stderr
