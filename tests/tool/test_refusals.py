"""What cannot be done is said in a sentence or two, with what to do, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["-d", "tols=time"], "No question is called 'tols'\nDid you mean tools?"),
        (["-d", "zzz=1"], "No question is called 'zzz'\nThe questions are: project_name,"),
        (["-d", "package_name=x"], "No question is called 'package_name'"),
        (["-d", "_commit=v9"], "No question is called '_commit'"),
        (["-d", "tools"], "-d tools is not KEY=VALUE"),
        (["-d", "tools=wether"], "tools: 'wether' is not one of its choices\nChoose from: weather, time, calculator"),
        (["-d", "tools=[weather"], "tools: '[weather' is not valid YAML"),
        (["-d", "framework=nope"], "framework: 'nope' is not one of its choices"),
        (
            ["-d", "framework=crewai", "-d", "deployment=container,cdk"],
            "crewai is too large for a code package",
        ),
        (["-d", "project_name=My Agent"], "project_name: must start with a letter"),
        (["-d", "project_name=" + "a" * 49], "project_name: must start with a letter"),
        (["-d", "project_name=class"], "project_name: is a name that Python"),
        (["-d", "region=mars"], "region: an AWS region such as"),
        (["-d", "description="], "description: one line of 1 to"),
        (["--answers", "list.yml"], "list.yml does not hold KEY: VALUE lines"),
        (["--answers", "broken.yml"], "broken.yml is not valid YAML"),
        (["--answers", "missing.yml"], "'missing.yml' does not exist"),
        (["--trust"], "Trust is for another template"),
        (["--nonsense"], "No such option"),
    ],
)
def test_a_wrong_request(streamplate: Command, args: list[str], said: str) -> None:
    Path("list.yml").write_text("- a\n")
    Path("broken.yml").write_text("a: [\n")
    result = streamplate("new", "x", "--defaults", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert sorted(os.listdir()) == ["broken.yml", "list.yml"]


def test_a_choice_that_goes_with_others_only(streamplate: Command, publish: Callable[..., None]) -> None:
    narrow = "{% if shape == 'round' %}not when round{% endif %}"
    copier = f'shape: round\nsize: {{choices: {{Small: s, Large: {{value: l, validator: "{narrow}"}}}}, default: s}}\n'
    publish({"copier.yml": "_subdirectory: template/project\n" + copier})
    assert streamplate("new", "x", "--defaults", "-d", "size=l").stderr == "Error: size: not when round\n"
    assert streamplate("new", "x", "--defaults", "-d", "size=l", "-d", "shape=square").exit_code == 0


def test_a_folder_that_has_files_of_the_project(streamplate: Command) -> None:
    Path("x").mkdir()
    Path("x/README.md").write_text("precious")
    result = streamplate("new", "x", "--defaults")
    assert result.exit_code == 2
    assert "has files of these names already: README.md\n" in result.stderr
    assert (os.listdir("x"), Path("x/README.md").read_text()) == (["README.md"], "precious")


def test_an_answer_that_would_change_nothing(streamplate: Command) -> None:
    result = streamplate("new", "x", "--defaults", "-d", "deployment=", "-d", "memory=agentcore", "-d", "auth=iam")
    assert result.exit_code == 2
    assert "These answers would change nothing: memory, auth\n" in result.stderr
    assert "memory is asked only when the project is deployed" in result.stderr
    assert os.listdir() == []


def test_a_file_in_the_way(streamplate: Command) -> None:
    Path("x").write_text("precious")
    assert "is a file" in streamplate("new", "x", "--defaults").stderr
    assert streamplate("new", "x/inside", "--defaults").exit_code == 1
    assert (os.listdir(), Path("x").read_text()) == (["x"], "precious")


def test_no_terminal_to_ask_on(streamplate: Command) -> None:
    result = streamplate("new", "x")
    assert result.exit_code == 2
    assert "no terminal" in result.stderr
    assert "--defaults" in result.stderr


def test_no_git(streamplate: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = streamplate("new", "x", "--defaults")
    assert result.exit_code == 1
    assert "git is not installed\nInstall it from" in result.stderr
    assert os.listdir() == []


def test_a_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    command = [sys.executable, "-m", "streamplate", "new", "read-only/x", "--defaults"]
    if os.geteuid() == 0:
        # Root may write anywhere but to a file system that is mounted read-only.
        script = f"mount -t tmpfs -o ro none {folder} && exec " + " ".join(command)
        command = ["unshare", "-rm", "sh", "-c", script]
        if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"]).returncode:
            pytest.skip("no mount namespaces here")
    else:
        folder.chmod(0o555)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {folder} cannot be written to (")


def test_a_failure_half_way_leaves_nothing(
    streamplate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses the second entry as the project is moved into an existing folder."""
    target = tmp_path / "x"
    target.mkdir()
    rename = Path.rename

    def refuse_second(self: Path, to: Path) -> Path:
        if to.parent == target and os.listdir(target)[1:]:
            raise OSError(28, "No space left on device", str(to))
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse_second)
    result = streamplate("new", "x", "--defaults", "--no-git")
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert os.listdir(target) == []
