"""Whatever git is set to, wherever the user stands and whatever lies about: an update is the same, or says why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]
Publish = Callable[..., None]
PROJECT = Path("my-agent")
OLD = {"agent.py": "1\n", ".env.example": "A=1\n", "data.json": "{}\n"}
NEW = {"agent.py": "2\n", ".env.example": "A=2\n", "data.json": "{ }\n", "logs/keep.json": "{}\n"}


def git(*args: str, cwd: Path = PROJECT) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


@pytest.fixture(autouse=True)
def project(publish: Publish, streamplate: Command) -> None:
    publish(OLD, NEW)
    assert streamplate("new", PROJECT, "--defaults", "--release", "0.1.0").exit_code == 0


@pytest.fixture
def expected(streamplate: Command) -> str:
    """The tree of the index after an update with nothing in the way."""
    shutil.copytree(PROJECT, "reference")
    assert streamplate("update", "reference").exit_code == 0
    tree = git("write-tree", cwd=Path("reference"))
    shutil.rmtree("reference")
    return tree


SETTINGS = {
    "submodule": "[submodule]\n\trecurse = true\n",
    "protocol": '[protocol "file"]\n\tallow = never\n[protocol]\n\tallow = never\n',
    "grep": "[grep]\n\tpatternType = perl\n\tfullName = true\n\tcolumn = true\n\tlineNumber = true\n",
    "fixed": "[grep]\n\tpatternType = fixed\n",
    "colours": "[color]\n\tui = always\n\tgrep = always\n\tstatus = always\n",
    "diff": "[diff]\n\tnoprefix = true\n\texternal = false\n\trenames = copies\n\tignoreSubmodules = all\n",
    "status": "[status]\n\tshort = true\n\tbranch = true\n\tshowStash = true\n\tshowUntrackedFiles = all\n",
    "index": "[index]\n\tsparse = true\n\tversion = 4\n[core]\n\tsplitIndex = true\n\tuntrackedCache = true\n",
    "pack": "[pack]\n\twindow = 0\n[transfer]\n\tfsckObjects = true\n\thideRefs = refs\n[fetch]\n\tprune = true\n",
    "merge": "[merge]\n\tconflictStyle = zdiff3\n\tdirectoryRenames = false\n\trenames = false\n",
    "bare": "[safe]\n\tbareRepository = explicit\n",
    "fsmonitor": "[core]\n\tfsmonitor = touch proof\n",
    "gc": "[gc]\n\tauto = 1\n[maintenance]\n\tauto = true\n",
    "user": "[user]\n\tuseConfigOnly = true\n[commit]\n\tgpgSign = true\n[init]\n\tdefaultObjectFormat = sha256\n",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_change_nothing(streamplate: Command, home: Path, expected: str, name: str) -> None:
    with (home / ".gitconfig").open("a") as file:
        file.write(SETTINGS[name])
    assert streamplate("check", PROJECT).exit_code == 1
    assert streamplate("update", PROJECT, "--preview").exit_code == 0
    result = streamplate("update", PROJECT)
    assert result.exit_code == 0, result.stderr
    assert not (PROJECT / "proof").exists()
    assert git("write-tree") == expected
    assert streamplate("undo", PROJECT).exit_code == 0
    assert git("status", "--porcelain", "-uno", "--no-branch", "--no-show-stash").strip() == ""


@pytest.mark.parametrize("place", ["default", "named"])
def test_ignored_and_filtered_files_are_merged(streamplate: Command, home: Path, expected: str, place: str) -> None:
    """Git reads its default ignore and attribute files even where it reads no configuration."""
    folder = home / ".config" / "git" if place == "default" else home
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ignore").write_text(".env*\n*.json\nlogs*\n")
    (folder / "attributes").write_text("*.json ident working-tree-encoding=UTF-16\n*.py -text merge=x\n")
    if place == "named":
        for key in ("excludes", "attributes"):
            git("config", "--global", f"core.{key}File", str(folder / key.replace("excludes", "ignore")))
    streamplate("update", PROJECT)
    assert git("diff", "--cached", "--name-only").split() == [
        ".copier-answers.yml",
        ".env.example",
        "agent.py",
        "data.json",
        "logs/keep.json",
    ]
    assert git("write-tree") == expected


def test_a_new_project_has_every_file_in_its_first_commit(streamplate: Command, home: Path) -> None:
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "ignore").write_text("*.json\n.env*\n")
    (home / ".config" / "git" / "attributes").write_text("*.json ident working-tree-encoding=UTF-16\n")
    made = json.loads(streamplate("new", "other", "--defaults", "--json").stdout)
    assert git("ls-files", cwd=Path("other")).split() == made["files"]
    assert git("show", "HEAD:data.json", cwd=Path("other")) == "{ }\n"


VARIABLES = {
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/nowhere",
    "GIT_INDEX_FILE": "/nowhere",
    "GIT_OBJECT_DIRECTORY": "/nowhere",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere",
    "GIT_NAMESPACE": "mine",
    "GIT_EXTERNAL_DIFF": "touch proof",
    "GIT_PREFIX": "nowhere/",
    "GIT_COMMON_DIR": "/nowhere",
    "GIT_CONFIG_PARAMETERS": "'core.bare'='true'",
    "GIT_CONFIG": "/nowhere",
    "GIT_SHALLOW_FILE": "/nowhere",
    "GIT_GRAFT_FILE": "/nowhere",
    "GIT_GLOB_PATHSPECS": "1",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_DEFAULT_HASH": "sha256",
    "GIT_DIFF_OPTS": "--unified=0",
    "GIT_ATTR_SOURCE": "nothing",
    "GIT_QUARANTINE_PATH": "/nowhere",
    "GIT_ALLOW_PROTOCOL": "https",
    "GIT_TEMPLATE_DIR": "/nowhere",
    "GIT_PAGER": "touch proof",
    "GIT_EDITOR": "touch proof",
}


def test_variables_of_the_caller_change_nothing(
    streamplate: Command, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**VARIABLES, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    result = streamplate("update", PROJECT)
    monkeypatch.undo()
    assert result.exit_code == 0, result.stderr
    assert not list(Path().rglob("proof"))


def test_all_that_git_calls_local_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamplate import git as runner

    names = subprocess.check_output(["git", "rev-parse", "--local-env-vars"], text=True).split()
    for name in names:
        monkeypatch.setenv(name, "1")
    seen = runner._environment({})
    assert [name for name in names if name in seen and name != "GIT_CONFIG_COUNT"] == []


@pytest.mark.parametrize("command", ["check", "update", "undo"])
def test_a_project_is_found_from_a_folder_of_it(
    streamplate: Command, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (PROJECT / "src" / "deep").mkdir(parents=True)
    if command == "undo":
        streamplate("update", PROJECT)
    monkeypatch.chdir(PROJECT / "src" / "deep")
    result = streamplate(command)
    assert result.exit_code == (1 if command == "check" else 0), result.stderr
    assert str(PROJECT.name) in result.output


def test_a_repository_inside_a_project_is_no_part_of_it(streamplate: Command) -> None:
    git("init", "-q", "inside")
    assert streamplate("update", PROJECT / "inside").exit_code == 2


def test_the_undo_that_is_printed_works_from_anywhere(
    streamplate: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("mono").mkdir()
    git("init", "-q", cwd=Path("mono"))
    streamplate("new", "mono/agent", "--defaults", "--release", "0.1.0")
    Path("mono/other").write_text("v1\n")
    git("add", "--all", cwd=Path("mono"))
    git("commit", "-qm", "x", cwd=Path("mono"))
    Path("mono/other").write_text("a day of work\n")
    undo = json.loads(streamplate("update", "mono/agent", "--json").stdout)[0]["undo"]
    assert git("status", "--porcelain", cwd=Path("mono")) != " M other\n"
    subprocess.run(undo, shell=True, check=True, cwd="/")  # noqa: S602
    assert git("status", "--porcelain", cwd=Path("mono")) == " M other\n"
    assert Path("mono/other").read_text() == "a day of work\n"


def test_undo_touches_nothing_that_changed_since(streamplate: Command) -> None:
    assert "There is no update of" in streamplate("undo", PROJECT).stderr
    streamplate("update", PROJECT)
    (PROJECT / "agent.py").write_text("mine\n")
    refused = streamplate("undo", PROJECT)
    assert (refused.exit_code, "Changed since the update: agent.py" in refused.stderr) == (1, True)
    assert (PROJECT / "agent.py").read_text() == "mine\n"
    git("commit", "-qam", "mine")
    assert "got a commit since the update" in streamplate("undo", PROJECT).stderr


def test_undo_of_many(streamplate: Command) -> None:
    shutil.copytree(PROJECT, "all/a")
    shutil.copytree(PROJECT, "all/b")
    streamplate("update", "all/a")
    result = streamplate("undo", "--all", "all")
    assert result.exit_code == 1
    assert "a is as it was before the update" in result.stdout
    assert "There is no update of" in result.stderr


def test_another_owner_is_gits_own_reason(streamplate: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for command in ("update", "check"):
        result = streamplate(command, PROJECT)
        said = result.output + result.stderr
        assert result.exit_code == 1
        assert "detected dubious ownership" in said
        assert "git config --global --add safe.directory" in said
        assert "git init" not in said


def test_a_folder_that_its_repository_does_not_know(streamplate: Command) -> None:
    Path("mono").mkdir()
    git("init", "-q", cwd=Path("mono"))
    git("commit", "-qm", "x", "--allow-empty", cwd=Path("mono"))
    streamplate("new", "mono/agent", "--defaults", "--release", "0.1.0")
    result = streamplate("update", "mono/agent")
    assert result.exit_code == 1
    assert "is not committed to git" in result.stderr
    assert "git init" not in result.stderr


def test_a_folder_that_its_repository_ignores_gets_one_of_its_own(streamplate: Command) -> None:
    Path("mono").mkdir()
    git("init", "-q", cwd=Path("mono"))
    Path("mono", ".gitignore").write_text("/agent/\n")
    streamplate("new", "mono/agent", "--defaults", "--release", "0.1.0")
    result = streamplate("update", "mono/agent")
    assert result.exit_code == 1
    assert "git init" in result.stderr


def test_a_failure_is_json_too(streamplate: Command) -> None:
    (PROJECT / "agent.py").write_text("mine\n")
    result = streamplate("update", PROJECT, "--json")
    (told,) = json.loads(result.stdout)
    assert (result.exit_code, told["status"]) == (1, "failed")
    assert "uncommitted changes: agent.py" in told["error"]
    assert told["hint"] == "Commit or stash them first"
    wrong = streamplate("update", PROJECT, "--to", "9.9.9", "--json")
    assert (wrong.exit_code, json.loads(wrong.stdout)[0]["error"]) == (2, "There is no release v9.9.9")
    other = streamplate("new", PROJECT, "--defaults", "--json")
    assert (other.exit_code, json.loads(other.stdout)["exit_code"]) == (2, 2)


def test_each_project_of_a_repository_gets_a_branch(streamplate: Command) -> None:
    Path("mono").mkdir()
    git("init", "-q", cwd=Path("mono"))
    for name in ("a", "services/b b"):
        streamplate("new", f"mono/{name}", "--defaults", "--release", "0.1.0", "-d", "project_name=x")
    git("add", "--all", cwd=Path("mono"))
    git("commit", "-qm", "x", cwd=Path("mono"))
    result = streamplate("update", "--all", "mono", "--branch", "next")
    assert result.exit_code == 0, result.output
    branches = git("branch", "--format=%(refname:short)", cwd=Path("mono")).split()
    assert branches[-2:] == ["next/a", "next/services/b-b"]
    assert git("diff", "--name-only", "HEAD", "next/a", cwd=Path("mono")).startswith("a/.copier-answers.yml\na/")


def test_one_bad_project_stops_no_other(streamplate: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "empty", "link", "z"):
        shutil.copytree(PROJECT, f"all/{name}")
    Path("all/empty/.copier-answers.yml").write_text("")
    Path("all/link/.copier-answers.yml").unlink()
    Path("all/link/.copier-answers.yml").symlink_to("nowhere")
    Path("all/closed").mkdir()
    walk = os.walk

    def closed(folder: Path, onerror: Callable[[OSError], None]) -> object:
        """As a folder of another user; root may read everything."""
        yield from walk(folder)
        onerror(PermissionError(13, "Permission denied", "all/closed"))

    monkeypatch.setattr(os, "walk", closed)
    result = streamplate("update", "--all", "all", "all/a", "--json")
    reports = {Path(each["path"]).name: each for each in json.loads(result.stdout)}
    assert {name: each["status"] for name, each in reports.items()} == {
        "a": "updated",
        "empty": "failed",
        "link": "failed",
        "z": "updated",
        "closed": "failed",
    }
    assert all(each["error"] for each in reports.values() if each["status"] == "failed")
    assert result.exit_code == 1


def test_a_repository_in_the_way_stays_untouched(streamplate: Command) -> None:
    git("init", "-q", "logs")
    refused = streamplate("update", PROJECT)
    assert "The update has files for logs, a repository of its own" in refused.stderr
    assert [path.name for path in (PROJECT / "logs").iterdir()] == [".git"]


@pytest.mark.parametrize("name", ["長い名前のフォルダ" * 6, os.fsdecode(b"caf\xe9")])
def test_folders_of_any_name_in_a_monorepo(streamplate: Command, name: str) -> None:
    PROJECT.rename(name)
    shutil.rmtree(Path(name, ".git"))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        git(*command, cwd=Path())
    assert streamplate("update", name).exit_code == 0
    assert Path(name, "agent.py").read_text() == "2\n"
    assert streamplate("undo", name).exit_code == 0
    assert git("status", "--porcelain", cwd=Path()) == ""
