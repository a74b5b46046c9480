"""`streamplate update`: the template moves on, the user's edits stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from streamplate import template

Command = Callable[..., Result]
Publish = Callable[..., None]

LINES = "".join(f"line {number}\n" for number in range(1, 21))


def git(*args: str, cwd: Path = Path("my-agent")) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


def commit(message: str = "mine") -> None:
    git("add", "--all")
    git("commit", "-q", "-m", message)


def status() -> list[str]:
    return git("status", "--porcelain").splitlines()


def content() -> dict[str, str]:
    """Every file of the project, and what is in it."""
    files = (path for path in Path("my-agent").rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path): path.read_text() for path in files}


def edit(path: str, old: str, new: str) -> None:
    file = Path("my-agent", path)
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def read(path: str) -> str:
    return Path("my-agent", path).read_text()


@pytest.fixture
def project(publish: Publish, streamplate: Command) -> Callable[..., None]:
    """`project(first, second)`: my-agent, made by release v0.1.0 of a small template, with v0.2.0 on board."""

    def make(*releases: dict[str, str]) -> None:
        publish(*releases)
        result = streamplate("new", "my-agent", "--defaults", "--release", "0.1.0")
        assert result.exit_code == 0, result.stderr

    return make


def test_both_sides_changes_come_together(project: Callable[..., None], streamplate: Command) -> None:
    newer = LINES.replace("line 3\n", "line three\n")
    project({"agent.py": LINES, "old.py": "x\n"}, {"agent.py": newer, "new.py": "y\n"})
    edit("agent.py", "line 18\n", "line eighteen\n")
    commit()
    result = streamplate("update", "my-agent")
    assert result.exit_code == 0, result.stderr
    assert read("agent.py") == newer.replace("line 18\n", "line eighteen\n")
    assert read("new.py") == "y\n"
    assert not Path("my-agent/old.py").exists()
    assert yaml.safe_load(read(".copier-answers.yml"))["_commit"] == "v0.2.0"


def test_the_result_is_staged_and_undone_by_the_command_it_names(
    project: Callable[..., None], streamplate: Command
) -> None:
    project({"agent.py": LINES, "old.py": "x\n"}, {"agent.py": LINES + "more\n", "new.py": "y\n"})
    before = content()
    output = streamplate("update", "my-agent").output
    assert status() == [
        "M  .copier-answers.yml",
        "M  agent.py",
        "A  new.py",
        "D  old.py",
    ]
    undo = output.split("To undo it all:  ")[1].strip()
    subprocess.run(undo, shell=True, check=True, cwd="my-agent")  # noqa: S602
    assert (status(), content()) == ([], before)


def test_a_folder_with_an_odd_name(project: Callable[..., None], streamplate: Command) -> None:
    project({"agent.py": "1\n"}, {"agent.py": "2\n"})
    odd = Path("a\u2028b \x85 'c'")
    odd.mkdir()
    Path("my-agent").rename(odd / "my-agent")
    assert streamplate("update", odd / "my-agent").exit_code == 0
    assert (odd / "my-agent" / "agent.py").read_text() == "2\n"
    broken = Path("a\nb")
    odd.rename(broken)
    refused = streamplate("undo", broken / "my-agent")
    assert (refused.exit_code, "line break" in refused.stderr) == (2, True)


def test_a_second_update_changes_nothing(project: Callable[..., None], streamplate: Command) -> None:
    project({"agent.py": LINES}, {"agent.py": LINES + "more\n"})
    streamplate("update", "my-agent")
    commit()
    result = streamplate("update", "my-agent")
    assert (result.exit_code, result.output) == (0, "my-agent is up to date (v0.2.0)\n")
    assert status() == []


def test_a_conflict_is_an_unmerged_file_and_exit_code_3(project: Callable[..., None], streamplate: Command) -> None:
    project({"agent.py": LINES}, {"agent.py": LINES.replace("line 3\n", "theirs\n")})
    edit("agent.py", "line 3\n", "mine\n")
    commit()
    result = streamplate("update", "my-agent")
    assert result.exit_code == 3
    assert "Conflicts to resolve, then git add:\n  agent.py" in result.output
    assert "<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> v0.2.0\n" in read("agent.py")
    assert "UU agent.py" in status()
    again = streamplate("update", "my-agent")
    assert (again.exit_code, "Conflict markers are left in agent.py" in again.stderr) == (1, True)
    git("checkout", "--ours", "agent.py")
    assert "mine" in read("agent.py")
    assert streamplate("update", "my-agent").exit_code == 0


def test_both_added_the_same_file(project: Callable[..., None], streamplate: Command) -> None:
    project({}, {"extra.py": "theirs\n"})
    Path("my-agent/extra.py").write_text("mine\n")
    commit()
    assert streamplate("update", "my-agent").exit_code == 3
    assert "AA extra.py" in status()


def test_an_edited_file_that_the_template_dropped_is_kept_and_said(
    project: Callable[..., None], streamplate: Command
) -> None:
    project({"old.py": LINES}, {})
    edit("old.py", "line 3\n", "mine\n")
    commit()
    result = streamplate("update", "my-agent")
    assert result.exit_code == 0
    assert "Kept with your edits, though the template no longer has it:\n  old.py" in result.output
    assert "mine\n" in read("old.py")
    assert not [line for line in status() if "old.py" in line]


def test_a_deleted_file_stays_deleted_and_its_missed_change_is_said(
    project: Callable[..., None], streamplate: Command
) -> None:
    project({"gone.py": LINES}, {"gone.py": LINES + "more\n"})
    git("rm", "-q", "gone.py")
    commit()
    result = streamplate("update", "my-agent")
    assert result.exit_code == 0
    assert "deleted or rewritten by you:\n  gone.py" in result.output
    assert not Path("my-agent/gone.py").exists()


def test_a_file_that_the_user_renamed_gets_the_templates_changes(
    project: Callable[..., None], streamplate: Command
) -> None:
    project({"agent.py": LINES}, {"agent.py": LINES.replace("line 3\n", "theirs\n")})
    git("mv", "agent.py", "mine.py")
    edit("mine.py", "line 18\n", "mine\n")
    commit()
    assert streamplate("update", "my-agent").exit_code == 0
    assert read("mine.py") == LINES.replace("line 3\n", "theirs\n").replace("line 18\n", "mine\n")
    assert not Path("my-agent/agent.py").exists()


def test_a_file_that_the_template_renamed_carries_the_users_edits(
    project: Callable[..., None], streamplate: Command
) -> None:
    project({"agent.py": LINES}, {"core/agent.py": LINES.replace("line 3\n", "theirs\n")})
    edit("agent.py", "line 18\n", "mine\n")
    commit()
    result = streamplate("update", "my-agent")
    assert "R agent.py → core/agent.py" in result.output
    assert read("core/agent.py") == LINES.replace("line 3\n", "theirs\n").replace("line 18\n", "mine\n")


def test_a_recorded_rename_carries_edits_where_little_of_the_content_stayed(
    project: Callable[..., None], streamplate: Command
) -> None:
    before = "prompt = 'answer'\n\n\n" + LINES
    after = "prompt = 'answer'\n\n\n" + LINES.replace("line", "other")
    notes = "summary: The prompt moved\nrenames: {'src/*/agent.py': 'src/*/parts/prompt.py'}\n"
    first = {"src/{{ package_name }}/agent.py": before}
    second = {"src/{{ package_name }}/parts/prompt.py": after, "template/releases/v0.2.0.yml": notes}
    project(first, second)
    edit("src/my_agent/agent.py", "prompt = 'answer'", "prompt = 'answer kindly'")
    commit()
    result = streamplate("update", "my-agent")
    assert result.exit_code == 0, result.output
    assert read("src/my_agent/parts/prompt.py") == after.replace("'answer'", "'answer kindly'")
    assert not Path("my-agent/src/my_agent/agent.py").exists()


def test_a_file_of_the_users_follows_the_folder_that_moved(project: Callable[..., None], streamplate: Command) -> None:
    files = {f"{name}.py": f"{name}\n" + LINES for name in ("one", "two", "three")}
    project({f"tools/{name}": text for name, text in files.items()}, {f"kit/{n}": text for n, text in files.items()})
    Path("my-agent/tools/mine.py").write_text("mine\n")
    commit()
    assert streamplate("update", "my-agent").exit_code == 0
    assert read("kit/mine.py") == "mine\n"
    assert not Path("my-agent/tools").exists()


def test_new_questions_take_their_defaults_or_are_answered(project: Callable[..., None], streamplate: Command) -> None:
    asks = "extra: {type: str, default: plain}\n"
    questions = "_subdirectory: template/project\nproject_name: {type: str, default: my-agent}\n"
    tools = "tools: {type: str, multiselect: true, choices: [weather, time], default: [weather]}\n"
    project({}, {"copier.yml": questions + tools + asks, "note.txt.jinja": "{{ extra }} {{ tools }}\n"})
    streamplate("update", "my-agent")
    assert read("note.txt") == "plain ['weather']\n"
    git("reset", "-q", "--hard")
    streamplate("update", "my-agent", "-d", "extra=fancy", "-d", "tools=time")
    assert read("note.txt") == "fancy ['time']\n"
    assert yaml.safe_load(read(".copier-answers.yml"))["extra"] == "fancy"


def test_an_answer_that_is_no_longer_allowed_is_refused(project: Callable[..., None], streamplate: Command) -> None:
    project(
        {}, {"copier.yml": "_subdirectory: template/project\ntools: {type: str, multiselect: true, choices: [time]}\n"}
    )
    result = streamplate("update", "my-agent")
    assert result.exit_code == 2
    assert "tools: 'weather' is not one of its choices\nChoose from: time" in result.stderr
    assert status() == []


def test_notes_of_every_release_crossed_are_shown(project: Callable[..., None], streamplate: Command) -> None:
    project(
        {},
        {"template/releases/v0.2.0.yml": "breaking: ['`PORT` is required']\n"},
        {
            "template/releases/v0.2.0.yml": "breaking: ['`PORT` is required']\n",
            "template/releases/v0.3.0.yml": "manual: [Run uv lock]\nanswers: {tools: kit}\n",
            "copier.yml": "_subdirectory: template/project\nkit: {multiselect: true, choices: [weather, time]}\n",
        },
    )
    result = streamplate("update", "my-agent")
    assert "Breaking changes:\n  `PORT` is required" in result.output
    assert "To do by hand:\n  [ ] Run uv lock" in result.output
    assert yaml.safe_load(read(".copier-answers.yml"))["kit"] == ["weather"]


def test_to_an_earlier_release_than_the_newest(project: Callable[..., None], streamplate: Command) -> None:
    project({"a": "1\n"}, {"a": "2\n"}, {"a": "3\n"})
    assert streamplate("update", "my-agent", "--to", "0.2.0").exit_code == 0
    assert read("a") == "2\n"


def test_configure_changes_answers_on_the_same_release(project: Callable[..., None], streamplate: Command) -> None:
    tool = {"{% if 'time' in tools %}time.py{% endif %}": "def now(): ...\n", "agent.py": LINES}
    project(tool, {**tool, "agent.py": "new\n"})
    edit("agent.py", "line 3\n", "mine\n")
    commit()
    result = streamplate("configure", "my-agent", "-d", "tools=weather,time")
    assert result.exit_code == 0, result.stderr
    assert status() == ["M  .copier-answers.yml", "A  time.py"]
    recorded = yaml.safe_load(read(".copier-answers.yml"))
    assert (recorded["_commit"], recorded["tools"]) == ("v0.1.0", ["weather", "time"])


@pytest.mark.parametrize("how", [[], ["--preview"], ["--branch", "answers"]])
def test_configure_with_the_answers_that_it_has_changes_nothing(
    project: Callable[..., None], streamplate: Command, how: list[str]
) -> None:
    project({"agent.py": LINES}, {"agent.py": "new\n"})
    answers = yaml.safe_load(read(".copier-answers.yml"))["tools"]
    result = streamplate("configure", "my-agent", "-d", f"tools={','.join(answers)}", *how)
    assert result.output == "my-agent has these answers already (v0.1.0); nothing was changed.\n"
    assert (result.exit_code, status(), git("branch", "--list", "answers")) == (0, [], "")
    assert "no update" in streamplate("undo", "my-agent").stderr


def test_preview_shows_the_exact_diff_and_writes_nothing(project: Callable[..., None], streamplate: Command) -> None:
    project({"agent.py": LINES, "old": "x\n"}, {"agent.py": LINES + "more\n", "new": "y\n"})
    objects = git("count-objects")
    told = json.loads(streamplate("update", "my-agent", "--preview", "--json").output)[0]
    assert (told["added"], told["changed"], told["removed"]) == (["new"], [".copier-answers.yml", "agent.py"], ["old"])
    assert (status(), git("count-objects")) == ([], objects)
    subprocess.run(["git", "apply", "--index"], input=told["diff"], text=True, check=True, cwd="my-agent")
    applied = git("write-tree")
    git("reset", "-q", "--hard")
    streamplate("update", "my-agent")
    assert git("write-tree") == applied


def test_preview_for_people(project: Callable[..., None], streamplate: Command) -> None:
    project({"agent.py": LINES}, {"agent.py": LINES + "more\n"})
    output = streamplate("update", "my-agent", "--preview").output
    assert "+more\n" in output
    assert output.endswith("  M .copier-answers.yml\n  M agent.py\n\nNothing was written.\n")


def test_a_branch_holds_the_update_as_a_commit(project: Callable[..., None], streamplate: Command) -> None:
    project({"agent.py": LINES}, {"agent.py": LINES + "more\n"})
    Path("my-agent/agent.py").write_text("uncommitted\n")
    result = streamplate("update", "my-agent", "--branch", "update/next")
    assert result.exit_code == 0, result.stderr
    assert read("agent.py") == "uncommitted\n"
    assert git("show", "update/next:agent.py") == LINES + "more\n"
    head = git("rev-parse", "HEAD")
    assert git("log", "-1", "--format=%an: %s: %P", "update/next") == f"Ada: Update to streamplate v0.2.0: {head}"
    again = streamplate("update", "my-agent", "--branch", "update/next")
    assert (again.exit_code, again.stderr.splitlines()[-1]) == (1, "Give --branch another name")


def test_a_project_in_a_folder_of_a_repository(publish: Publish, streamplate: Command, tmp_path: Path) -> None:
    publish({"agent.py": LINES, "old": "x\n"}, {"agent.py": LINES + "more\n", "new": "y\n"})
    git("init", "-q", cwd=tmp_path)
    for name in ("a", "b"):
        streamplate("new", f"services/{name}", "--defaults", "--release", "0.1.0")
    Path("other.txt").write_text("1\n")
    git("add", "--all", cwd=tmp_path)
    git("commit", "-qm", "all", cwd=tmp_path)
    Path("other.txt").write_text("uncommitted\n")
    assert streamplate("update", "services/a").exit_code == 0
    assert git("status", "--porcelain", cwd=tmp_path).splitlines() == [
        " M other.txt",
        "M  services/a/.copier-answers.yml",
        "M  services/a/agent.py",
        "A  services/a/new",
        "D  services/a/old",
    ]
    assert streamplate("update", "--all", ".").exit_code == 0
    assert "M  services/b/agent.py" in git("status", "--porcelain", cwd=tmp_path).splitlines()


def test_plain_copier_updates_the_project_too(project: Callable[..., None], streamplate: Command) -> None:
    """Git is told to find the canonical address in the bundle; once it is public, nothing needs to be told."""
    project({"agent.py": LINES}, {"agent.py": LINES.replace("line 3\n", "theirs\n")})
    edit("agent.py", "line 18\n", "mine\n")
    commit()
    redirect = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{template.BUNDLE}.insteadOf",
        "GIT_CONFIG_VALUE_0": template.SOURCE,
    }
    command = [sys.executable, "-m", "copier", "update", "-q", "--defaults", "my-agent"]
    subprocess.run(command, env=os.environ | redirect, check=True, timeout=120)
    assert read("agent.py") == LINES.replace("line 3\n", "theirs\n").replace("line 18\n", "mine\n")
    assert streamplate("check", "my-agent").exit_code == 0


def test_a_list_can_be_added_to_and_taken_from(project: Callable[..., None], streamplate: Command) -> None:
    project({"a": "1\n"})
    assert "is not among" in streamplate("configure", "my-agent", "-d", "tools=-other").stderr
    assert "neither a list nor a change" in streamplate("configure", "my-agent", "-d", "tools=time,+weather").stderr
    assert streamplate("configure", "my-agent", "-d", "tools=+time,-weather").exit_code == 0
    assert "- time" in read(".copier-answers.yml") and "weather" not in read(".copier-answers.yml")


def test_a_preview_says_what_an_update_would_be_refused_for(project: Callable[..., None], streamplate: Command) -> None:
    project({"a": "1\n"}, {"a": "2\n", "new": "theirs\n"})
    Path("my-agent/new").write_text("mine\n")
    result = streamplate("update", "my-agent", "--preview")

    assert result.exit_code == 1
    assert "It would be refused: " in result.output and "new" in result.output
    assert streamplate("update", "my-agent").exit_code == 1
    assert Path("my-agent/new").read_text() == "mine\n"
