"""`streamplate new`: what it writes, and where."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import streamplate as package
import yaml
from click.testing import Result

Command = Callable[..., Result]


def git(*args: str, cwd: Path) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True).strip()


def answers(project: Path) -> dict[str, object]:
    return yaml.safe_load((project / ".copier-answers.yml").read_text())


def test_defaults_make_a_committed_project(streamplate: Command, tmp_path: Path) -> None:
    result = streamplate("new", "my-agent", "--defaults")
    assert result.exit_code == 0, result.output
    project = tmp_path / "my-agent"
    assert git("status", "--porcelain", cwd=project) == ""
    assert git("log", "--format=%an %s", cwd=project) == f"Ada Created with streamplate v{package.__version__}"
    assert git("branch", "--show-current", cwd=project) == "main"
    assert os.listdir(tmp_path) == ["my-agent"]


def test_the_project_records_where_it_comes_from(streamplate: Command, tmp_path: Path) -> None:
    streamplate("new", "my-agent", "--defaults")
    recorded = answers(tmp_path / "my-agent")
    assert recorded["_src_path"] == "https://streamplate.invalid/streamplate.git"
    assert recorded["_commit"] == f"v{package.__version__}"
    assert recorded["project_name"] == "my-agent"


def test_it_ends_with_what_to_type_next(streamplate: Command) -> None:
    result = streamplate("new", "a b", "--defaults", "-d", "project_name=ab")
    assert result.output.splitlines()[-3:] == ["  cd 'a b'", "  uv run serve --offline", "  uv run chat"]


def test_next_steps_leave_out_a_client_that_was_not_chosen(streamplate: Command) -> None:
    assert "chat" not in streamplate("new", "x", "--defaults", "-d", "clients=").output


def test_next_steps_use_pip_where_uv_is_missing(
    streamplate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(subprocess.check_output(["which", "git"], text=True).strip())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert streamplate("new", "x", "--defaults").output.splitlines()[-5:] == [
        "  cd x",
        "  python3 -m venv .venv",
        '  .venv/bin/python -m pip install -e ".[dev]"',
        "  .venv/bin/serve --offline",
        "  .venv/bin/chat",
    ]


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ("tools=time,weather", ["weather", "time"]),
        ("tools= time ", ["time"]),
        ("tools=", []),
        ("tools=[weather]", ["weather"]),
        ('tools=["time", "calculator"]', ["time", "calculator"]),
    ],
)
def test_a_list_is_given_as_words_or_as_yaml(
    streamplate: Command, tmp_path: Path, given: str, chosen: list[str]
) -> None:
    assert streamplate("new", "x", "--defaults", "-d", given).exit_code == 0
    assert answers(tmp_path / "x")["tools"] == chosen


@pytest.mark.parametrize(
    ("data", "lists"),
    [
        (["clients=+python"], {"clients": ["terminal", "web", "python"], "deployment": ["code-zip"]}),
        (["deployment=+container"], {"clients": ["terminal", "web"], "deployment": ["code-zip", "container"]}),
        (["clients=-terminal", "protocol=a2a"], {"clients": [], "deployment": ["code-zip"]}),
        (["tools=-time"], {"tools": ["weather", "calculator"]}),
    ],
)
def test_a_list_is_changed_as_the_other_answers_make_it(
    streamplate: Command, data: list[str], lists: dict[str, list[str]]
) -> None:
    options = [part for each in data for part in ("-d", each)]
    made = json.loads(streamplate("new", "my-agent", "--defaults", "--dry-run", "--json", *options).output)

    assert {key: made["answers"][key] for key in lists} == lists


def test_what_does_not_go_with_the_protocol_is_refused(streamplate: Command) -> None:
    refused = streamplate("new", "my-agent", "--defaults", "-d", "protocol=a2a", "-d", "clients=web")

    assert refused.exit_code == 2
    assert "clients: this client speaks AG-UI, and callers of this agent A2A: choose terminal" in refused.output


def test_a_value_may_hold_an_equals_sign_and_look_like_a_number(streamplate: Command, tmp_path: Path) -> None:
    streamplate("new", "x", "--defaults", "-d", "description=1=1")
    assert answers(tmp_path / "x")["description"] == "1=1"
    streamplate("new", "y", "--defaults", "-d", "description=37")
    assert answers(tmp_path / "y")["description"] == "37"


def test_answers_come_from_a_file_and_data_wins(streamplate: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("_commit: v9\nregion: eu-west-1\ntools: [time]\n")
    assert streamplate("new", "x", "--defaults", "--answers", "mine.yml", "-d", "tools=weather").exit_code == 0
    recorded = answers(tmp_path / "x")
    assert (recorded["region"], recorded["tools"]) == ("eu-west-1", ["weather"])
    assert recorded["_commit"] == f"v{package.__version__}"


def test_a_project_can_be_made_from_the_answers_of_another(streamplate: Command, tmp_path: Path) -> None:
    streamplate("new", "first", "--defaults", "-d", "tools=time")
    result = streamplate("new", "second", "--defaults", "--answers", "first/.copier-answers.yml")
    assert result.exit_code == 0, result.output
    assert answers(tmp_path / "second") == answers(tmp_path / "first")


def test_dry_run_names_every_file_and_writes_none(streamplate: Command, tmp_path: Path) -> None:
    listed = streamplate("new", "x", "--defaults", "--dry-run").output.splitlines()
    assert os.listdir(tmp_path) == []
    streamplate("new", "x", "--defaults", "--no-git")
    written = sorted(str(path.relative_to("x")) for path in Path("x").rglob("*") if path.is_file())
    assert listed[:-2] == written
    assert listed[-1] == f"{len(written)} files would be written to {tmp_path / 'x'}"


@pytest.mark.parametrize("dry_run", [True, False])
def test_json_tells_the_same_as_data(streamplate: Command, tmp_path: Path, dry_run: bool) -> None:
    result = streamplate("new", "x", "--defaults", "--json", "-d", "tools=time", *(["--dry-run"] if dry_run else []))
    told = json.loads(result.stdout)
    assert told["path"] == str(tmp_path / "x")
    assert told["answers"]["tools"] == ["time"]
    assert ".copier-answers.yml" in told["files"]
    assert told["next"] == ["cd x", "uv run serve --offline", "uv run chat"]
    assert told["dry_run"] is dry_run is not Path("x").exists()


def test_no_git_makes_no_repository(streamplate: Command) -> None:
    streamplate("new", "x", "--defaults", "--no-git")
    assert not Path("x/.git").exists()


def test_inside_a_repository_none_is_made_unless_asked(streamplate: Command, tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    streamplate("new", "a", "--defaults")
    streamplate("new", "b", "--defaults", "--git")
    assert (Path("a/.git").exists(), Path("b/.git").exists()) == (False, True)


def test_an_empty_clone_is_filled_and_left_to_its_owner_to_commit(streamplate: Command, tmp_path: Path) -> None:
    git("init", "-q", "cloned", cwd=tmp_path)
    assert streamplate("new", "cloned", "--defaults").exit_code == 0
    assert ".copier-answers.yml" in git("status", "--porcelain", "-uall", cwd=tmp_path / "cloned")


def test_the_folder_one_is_in_can_be_the_destination(
    streamplate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    inode = here.stat().st_ino
    assert streamplate("new", ".", "--defaults").exit_code == 0
    assert here.stat().st_ino == inode
    assert answers(here)["project_name"] == "here"
    assert not list(here.glob(".streamplate-*"))


def test_folders_on_the_way_are_made(streamplate: Command) -> None:
    assert streamplate("new", "a/b/my-agent", "--defaults").exit_code == 0
    assert os.listdir("a/b") == ["my-agent"]


def test_without_an_identity_the_first_commit_is_made_and_explained(streamplate: Command, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    result = streamplate("new", "x", "--defaults")
    assert result.exit_code == 0
    assert "git commit --amend --reset-author --no-edit" in result.output
    assert git("log", "--format=%an", cwd=Path("x")) == "streamplate"


def test_hooks_and_signing_of_the_user_do_not_stop_the_first_commit(streamplate: Command, home: Path) -> None:
    hook = home / "hooks" / "pre-commit"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with (home / ".gitconfig").open("a") as config:
        config.write(
            f"[core]\n\thooksPath = {hook.parent}\n[commit]\n\tgpgsign = true\n[init]\n\tdefaultBranch = trunk\n"
        )
    assert streamplate("new", "x", "--defaults").exit_code == 0
    assert git("log", "--format=%an", "trunk", cwd=Path("x")) == "Ada"


def test_run_from_a_git_hook_it_leaves_the_callers_repository_alone(
    streamplate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q", "caller", cwd=tmp_path)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "caller" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "caller" / ".git" / "index"))
    assert streamplate("new", "x", "--defaults").exit_code == 0
    assert Path("x/.git").is_dir()
    assert not Path("caller/.git/index").exists()


def test_settings_of_copier_do_not_leak_in(streamplate: Command, home: Path) -> None:
    settings = home / ".config" / "copier" / "settings.yml"
    settings.parent.mkdir(parents=True)
    settings.write_text("defaults:\n  region: eu-north-1\n")
    streamplate("new", "x", "--defaults")
    assert answers(Path("x"))["region"] == "us-west-2"


def test_from_python(tmp_path: Path) -> None:
    made = package.new("from-python", {"tools": ["time"], "region": "eu-west-1"}, git=False)
    assert made.path == tmp_path / "from-python"
    assert made.answers["tools"] == answers(made.path)["tools"] == ["time"]
    assert not made.repository
    with pytest.raises(package.UsageProblem, match="files of these names"):
        package.new("from-python")
