"""What `update` must never do: lose work, follow a stranger, go back, or leave half an update behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from streamplate import project as project_module
from streamplate import template
from streamplate.updating import files, journal, merging

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


def everything() -> dict[Path, bytes]:
    """Every file, of git too, but for the locks and records of updates."""
    ours = {"streamplate", "index.lock"}
    files = (path for path in PROJECT.rglob("*") if path.is_file() and not ours & set(path.parts))
    return {path: path.read_bytes() for path in files}


def refused(streamplate: Command, *args: str, code: int = 1) -> str:
    """What is said by a refusal that leaves everything as it was."""
    before = everything()
    result = streamplate("update", PROJECT, *args)
    assert result.exit_code == code, result.output
    assert everything() == before
    return result.stderr


def test_a_dirty_tree(streamplate: Command) -> None:
    (PROJECT / "agent.py").write_text("mine\n")
    assert "has uncommitted changes: agent.py\nCommit or stash them first" in refused(streamplate)


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "folder"])
@pytest.mark.parametrize("place", ["new.py", "deep", "deep/er"])
def test_what_git_does_not_know_is_in_the_way(
    publish: Publish, streamplate: Command, tmp_path: Path, place: str, kind: str, ignored: bool
) -> None:
    """Where the template adds a file, or a folder for one."""
    publish({"agent.py": "1\n"}, {"agent.py": "2\n", "new.py": "theirs\n", "deep/er/file.py": "theirs\n"})
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "mine").write_text("mine\n")
    path = PROJECT / place
    path.parent.mkdir(exist_ok=True)
    if kind == "file":
        path.write_text("mine\n")
    elif kind == "folder":
        path.mkdir(exist_ok=True)
        (path / "mine").write_text("mine\n")
    else:
        path.symlink_to(tmp_path / ("outside" if kind == "link" else "nowhere"))
    if ignored:
        (PROJECT / ".git/info/exclude").write_text("/new.py\n/deep\n")
    if kind == "folder" and place != "new.py":
        assert streamplate("update", PROJECT).exit_code == 0
        assert (path / "mine").read_text() == "mine\n"
    else:
        said = refused(streamplate)
        assert f"would overwrite files that git does not track: {place}" in said
        assert os.listdir(tmp_path / "outside") == ["mine"]


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
@pytest.mark.parametrize("theirs", [{"agent.py": "2\n"}, {}])
def test_changes_that_git_was_told_to_overlook(
    publish: Publish, streamplate: Command, flag: str, theirs: dict[str, str]
) -> None:
    publish({"agent.py": "1\n"}, theirs)
    git("update-index", f"--{flag}", "agent.py")
    (PROJECT / "agent.py").write_text("mine\n")
    said = refused(streamplate)
    assert "There are changes that git was told to overlook: agent.py\n" in said
    assert "git update-index --no-assume-unchanged --no-skip-worktree agent.py" in said


@pytest.mark.parametrize(("flag", "tag"), [("assume-unchanged", "h"), ("skip-worktree", "S")])
def test_a_flag_on_an_unchanged_file_stays(streamplate: Command, flag: str, tag: str) -> None:
    git("update-index", f"--{flag}", "agent.py")
    assert streamplate("update", PROJECT).exit_code == 0
    assert (PROJECT / "agent.py").read_text() == "2\n"
    assert f"{tag} agent.py" in git("ls-files", "-v")


def test_a_sparse_checkout_stays_sparse(publish: Publish, streamplate: Command) -> None:
    before = {"agent.py": "1\n", "docs/a.md": "1\n", "docs/old.md": "1\n"}
    publish(before, {"agent.py": "2\n", "docs/a.md": "2\n"})
    streamplate("new", "sparse", "--defaults", "--release", "0.1.0", "-d", "project_name=my-agent")
    subprocess.run(["git", "sparse-checkout", "set", "--no-cone", "/*", "!/docs"], cwd="sparse", check=True)
    assert not Path("sparse/docs").exists()
    result = streamplate("update", "sparse")
    assert result.exit_code == 0, result.stderr
    status = subprocess.check_output(["git", "status", "--porcelain"], cwd="sparse", text=True).splitlines()
    assert status == ["M  .copier-answers.yml", "M  agent.py", "M  docs/a.md", "D  docs/old.md"]
    assert not Path("sparse/docs").exists()
    assert streamplate("undo", "sparse").exit_code == 0
    assert subprocess.check_output(["git", "status", "--porcelain"], cwd="sparse", text=True) == ""


def test_a_name_that_differs_in_case_only(publish: Publish, streamplate: Command) -> None:
    publish({}, {"readme.md": "theirs\n"})
    (PROJECT / "README.md").write_text("mine\n")
    commit()
    git("config", "core.ignoreCase", "true")
    assert "Names that differ in case only: readme.md and README.md" in refused(streamplate)


MEANWHILE: dict[str, tuple[Callable[[], object], str]] = {
    "a file is saved": (lambda: (PROJECT / "agent.py").write_text("mine\n"), "has uncommitted changes: agent.py"),
    "another file is saved": (lambda: (PROJECT / "mine.py").write_text("mine 2\n"), "uncommitted changes: mine.py"),
    "a file is staged": (lambda: git("rm", "-q", "--cached", "mine.py"), "uncommitted changes: mine.py"),
    "a commit is made": (lambda: git("commit", "-q", "--allow-empty", "-m", "mine"), "got a commit while this ran"),
    "a branch is checked out": (lambda: git("checkout", "-q", "other"), "got a commit while this ran"),
    "a file is made": (lambda: (PROJECT / "new.py").write_text("mine\n"), "git does not track: new.py"),
    "git is at work": (lambda: (PROJECT / ".git/index.lock").touch(), "Another git command is running"),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_happens_while_an_update_runs_is_not_lost(
    streamplate: Command, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (PROJECT / "mine.py").write_text("mine\n")
    commit()
    git("checkout", "-q", "-b", "other")
    git("commit", "-q", "--allow-empty", "-m", "other")
    git("checkout", "-q", "-")
    work, said = MEANWHILE[what]
    merge, seen = merging.three_way.merge, []

    def merge_and_work(*args: Any, **options: Any) -> Any:
        merged = merge(*args, **options)
        work()
        seen.append(everything())
        return merged

    monkeypatch.setattr(merging.three_way, "merge", merge_and_work)
    result = streamplate("update", PROJECT)
    assert (result.exit_code, said in result.stderr) == (1, True), result.stderr
    new = {path: content for path, content in everything().items() if ".git/objects" not in str(path)}
    assert new == {path: content for path, content in seen[0].items() if ".git/objects" not in str(path)}


def test_a_save_that_git_cannot_see(streamplate: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same size, and the time put back: git takes the file for the one that it knows."""
    git("config", "core.trustctime", "false")
    os.utime(PROJECT / "agent.py", (1, 1))
    git("update-index", "--refresh")
    (PROJECT / "agent.py").write_text("9\n")
    os.utime(PROJECT / "agent.py", (1, 1))
    assert git("status", "--porcelain") == ""
    assert "Uncommitted changes: agent.py" in refused(streamplate)


def test_an_editor_that_saves_between_the_look_and_the_write(
    streamplate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = files.move

    def save_and_move(source: Path, target: Path) -> None:
        if source.name == "agent.py" and target.parent.name == "before":
            source.write_text("mine\n")
        move(source, target)

    monkeypatch.setattr(files, "move", save_and_move)
    result = streamplate("update", PROJECT)
    assert (result.exit_code, "agent.py was saved while the update ran" in result.stderr) == (1, True)
    assert (PROJECT / "agent.py").read_text() == "mine\n"
    assert git("status", "--porcelain").splitlines() == [" M agent.py"]


def test_a_smudge_filter_that_fails(publish: Publish, streamplate: Command) -> None:
    publish({"agent.py": "1\n"}, {"agent.py": "2\n", ".gitattributes": "*.py filter=broken\n"})
    git("config", "filter.broken.smudge", "false")
    git("config", "filter.broken.clean", "cat")
    git("config", "filter.broken.required", "true")
    result = streamplate("update", PROJECT)
    assert (result.exit_code, "smudge filter" in result.stderr) == (1, True)
    assert (git("status", "--porcelain"), (PROJECT / "agent.py").read_text()) == ("", "1\n")


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
    assert "streamplate trust https://example.com/theirs.git" in said


def test_a_project_of_a_newer_release(streamplate: Command) -> None:
    rewrite_answers("v0.1.0", "v7.0.0")
    assert "Upgrade streamplate" in refused(streamplate)


def test_a_project_of_an_unreleased_commit(streamplate: Command) -> None:
    rewrite_answers("v0.1.0", "v0.1.0-3-gabcdef0")
    assert "Releases in this streamplate: v0.1.0, v0.2.0" in refused(streamplate)


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
    assert "Another git command is running" in refused(streamplate)


KILL = """
import os, signal, sys
import streamplate
from streamplate import template
from streamplate.cli import main
from streamplate.updating import files

bundle, step = sys.argv[1], int(sys.argv[2])
template.BUNDLE, template.CHECKOUT, streamplate.__version__ = template.Path(bundle), None, "0.2.0"
move = files.move

def counted(source, target):
    global step
    step -= 1
    if step == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return move(source, target)

files.move = counted
main(["update", "my-agent"])
"""
"""At its n-th move of a file the update is killed: no clean-up of any kind runs."""


@pytest.fixture
def killed() -> None:
    """An update moved the answers aside, and was killed before it had put the new ones in place."""
    command = [sys.executable, "-c", KILL, template.BUNDLE, "2"]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL


@pytest.mark.usefixtures("killed")
def test_a_killed_update_is_made_anew(streamplate: Command) -> None:
    assert streamplate("update", PROJECT).exit_code == 0
    assert (PROJECT / "agent.py").read_text() == "2\n"
    assert git("status", "--porcelain").splitlines() == ["M  .copier-answers.yml", "M  agent.py", "A  new.py"]


@pytest.mark.usefixtures("killed")
def test_a_killed_update_is_taken_back(streamplate: Command) -> None:
    result = streamplate("undo", PROJECT)
    assert (result.exit_code, git("status", "--porcelain")) == (0, ""), result.stderr
    assert (PROJECT / "agent.py").read_text() == "1\n"


@pytest.mark.usefixtures("killed")
@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["update", "--preview"],
        ["update", "--branch", "next"],
        ["configure", "--preview", "-d", "tools=time"],
    ],
)
def test_every_command_says_that_an_update_was_killed(streamplate: Command, command: list[str]) -> None:
    before = (git("status", "--porcelain"), git("branch"))
    result = streamplate(*command, PROJECT)
    assert result.exit_code == 1
    assert "was interrupted, or is at work" in result.output
    assert f"streamplate undo {PROJECT.absolute()}; or make it anew: streamplate update" in result.output
    assert (git("status", "--porcelain"), git("branch")) == before


@pytest.mark.usefixtures("killed")
def test_work_done_after_a_kill_is_not_taken_back(streamplate: Command) -> None:
    (PROJECT / ".copier-answers.yml").write_text("mine\n")
    assert "Changed since the update: .copier-answers.yml" in refused(streamplate)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\0", b'{"head": "x", "target": "y"}'])
def test_a_journal_that_is_torn(streamplate: Command, content: bytes) -> None:
    (PROJECT / ".git/streamplate").mkdir()
    (PROJECT / ".git/streamplate/update.json").write_bytes(content)
    assert streamplate("update", PROJECT).exit_code == 0


@pytest.mark.usefixtures("killed")
def test_a_torn_journal_says_where_the_files_are(streamplate: Command) -> None:
    (PROJECT / ".git/streamplate/update.json").write_bytes(b"{")
    said = refused(streamplate)
    assert "its journal cannot be read\nThe files it replaced are in" in said
    assert str((PROJECT / ".git/streamplate/before").absolute()) in said


def test_a_second_update_at_once(streamplate: Command) -> None:
    with journal.of(project_module.repository_of(PROJECT)).locked():
        assert "Another update of this project is at work" in refused(streamplate)
    assert streamplate("update", PROJECT).exit_code == 0
