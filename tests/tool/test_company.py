"""A company's own template is an equal of ours: its projects are checked, updated and configured as ours are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import Result
from streamplate import addresses, trust

Command = Callable[..., Result]
Release = Callable[..., None]
PROJECT = Path("my-agent")
LINES = "".join(f"line {number}\n" for number in range(20))
NEWER = LINES.replace("line 3\n", "theirs\n")


def git(*args: str, cwd: Path = PROJECT) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


def answers() -> str:
    return (PROJECT / ".copier-answers.yml").read_text()


@pytest.fixture
def trusted(streamplate: Command, url: str) -> str:
    assert streamplate("trust", url).exit_code == 0
    return url


COMMANDS = [["check"], ["update"], ["configure", "-d", "name=Ada"], ["options"], ["releases"]]


@pytest.mark.parametrize("args", COMMANDS)
def test_nothing_of_it_is_fetched_unasked(
    streamplate: Command, url: str, args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    result = streamplate(*args)
    assert result.exit_code in (1, 2)
    assert f"streamplate trust {url}" in result.output
    assert git("status", "--porcelain", cwd=Path()) == ""


def test_outdated_is_outdated(streamplate: Command, trusted: str, release: Release) -> None:
    assert streamplate("check", PROJECT).exit_code == 0
    release("v1.1.0", agent_py=NEWER)
    result = streamplate("check", PROJECT, "--json")
    (health,) = json.loads(result.stdout)
    assert (result.exit_code, health["status"], health["newest"]) == (1, "outdated", "v1.1.0")
    assert "outdated: made by v1.0.0, and v1.1.0 is out" in streamplate("doctor", PROJECT).output


def test_it_is_updated_by_its_answers_alone(streamplate: Command, trusted: str, release: Release) -> None:
    release("v1.1.0", agent_py=NEWER)
    result = streamplate("update", PROJECT)
    assert result.exit_code == 0, result.output
    assert (PROJECT / "agent.py").read_text() == NEWER.replace("line 18\n", "mine\n")
    assert answers() == f"_commit: v1.1.0\n_src_path: {trusted}\nname: world\n"
    assert streamplate("undo", PROJECT).exit_code == 0
    assert git("status", "--porcelain") == ""


def test_it_is_configured_on_the_release_it_has(streamplate: Command, trusted: str, release: Release) -> None:
    release("v1.1.0", agent_py=NEWER)
    assert streamplate("configure", PROJECT, "-d", "name=Ada").exit_code == 0
    assert answers() == f"_commit: v1.0.0\n_src_path: {trusted}\nname: Ada\n"


def test_its_questions_and_releases(
    streamplate: Command, trusted: str, release: Release, fork: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fork / "template/releases").mkdir(parents=True)
    (fork / "template/releases/v1.1.0.yml").write_text("summary: A policy\nmanual: [Read it]\n")
    release("v1.1.0", agent_py=NEWER, copier_yml="name: world\nteam: a\n")
    monkeypatch.chdir(PROJECT)
    assert [each["key"] for each in json.loads(streamplate("options", "--json").stdout)] == ["name"]
    assert streamplate("releases").output == "v1.0.0\nv1.1.0  A policy\n  By hand: Read it\n"


def test_ci_trusts_by_a_variable(
    streamplate: Command, url: str, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    release("v1.1.0", agent_py=NEWER)
    monkeypatch.setenv("STREAMPLATE_TRUST", f"https://example.com/other.git {url}")
    assert streamplate("check", PROJECT).exit_code == 1
    assert streamplate("update", PROJECT, "--defaults").exit_code == 0
    assert streamplate("check", PROJECT).output.startswith("up to date")


def test_several_sources_in_one_go(
    publish: Callable[..., None], streamplate: Command, trusted: str, release: Release
) -> None:
    publish({"agent.py": "1\n"}, {"agent.py": "2\n"})
    assert streamplate("new", "ours", "--defaults", "--release", "0.1.0").exit_code == 0
    assert streamplate("new", "second", "--template", f"{trusted}@v1.0.0", "--defaults").exit_code == 0
    assert streamplate("new", "gone", "--template", trusted, "--defaults").exit_code == 0
    record = Path("gone/.copier-answers.yml")
    record.write_text(record.read_text().replace("v1.0.0", "v0.0.9"))
    git("commit", "-qam", "never released", cwd=Path("gone"))
    release("v1.1.0", agent_py=NEWER)

    result = streamplate("update", PROJECT, "ours", "second", "gone", "--json")

    reports = {Path(report["path"]).name: report for report in json.loads(result.stdout)}
    assert {name: report["status"] for name, report in reports.items()} == {
        "my-agent": "updated",
        "ours": "updated",
        "second": "updated",
        "gone": "failed",
    }
    assert "has no v0.0.9" in reports["gone"]["error"]
    assert Path("second/agent.py").read_text() == NEWER
    assert result.exit_code == 1


def test_the_list_of_the_trusted(streamplate: Command) -> None:
    assert "No template but streamplate's own" in streamplate("trust", "--list").output
    for url in ("gh:acme/agents", "https://git.example.com/platform/"):
        assert streamplate("trust", url).exit_code == 0
    streamplate("trust", "gh:acme/agents")
    listed = "https://github.com/acme/agents.git\nhttps://git.example.com/platform/\n"
    assert streamplate("trust", "--list").output == listed
    assert Path(os.environ["XDG_CONFIG_HOME"], "streamplate", "trusted.txt").read_text() == listed
    assert streamplate("trust", "--remove", "https://github.com/acme/agents").exit_code == 0
    assert streamplate("trust", "--list").output == "https://git.example.com/platform/\n"
    assert streamplate("trust", "--remove", "gh:acme/agents").exit_code == 2
    assert streamplate("trust").exit_code == 2


@pytest.mark.parametrize(
    ("entry", "address", "allowed"),
    [
        ("https://git.example.com/a/b.git", "https://git.example.com/a/b", True),
        ("https://git.example.com/a/b", "git+https://git.example.com/a/b/", True),
        ("https://git.example.com/a/b", "https://git.example.com/a/bc", False),
        ("https://git.example.com/a/", "https://git.example.com/a/b.git", True),
        ("https://git.example.com/a/", "https://git.example.com/a/../c/b.git", False),
        ("https://git.example.com/a/", "https://git.example.com/a/%2e%2E/c/b.git", False),
        ("https://git.example.com/a/", "https://git.example.com/a/..%2fc/b.git", False),
        ("https://git.example.com/a", "https://git.example.com/a/b.git", False),
        ("git@example.com:a/", "git@example.com:a/b.git", True),
        ("/srv/templates/ours", "file:///srv/templates/ours", True),
        ("gh:acme/agents", "https://github.com/acme/agents", True),
    ],
)
def test_what_an_entry_covers(entry: str, address: str, allowed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMPLATE_TRUST", entry)
    assert trust.allows(address) is allowed


def test_a_repository_that_moved(streamplate: Command, trusted: str, release: Release, fork: Path) -> None:
    release("v1.1.0", agent_py=NEWER)
    moved = fork.rename(fork.with_name("moved.git"))
    assert "cannot be fetched" in streamplate("check", PROJECT).output
    before = answers()
    missing = streamplate("source", moved, PROJECT, "--release", "v9")
    assert (missing.exit_code, "has no v9" in missing.stderr) == (1, True)
    assert answers() == before

    result = streamplate("source", moved, PROJECT)

    assert result.exit_code == 0, result.output
    assert f"streamplate trust {moved}" in result.output
    assert answers() == before.replace(trusted, str(moved))
    git("commit", "-qam", "moved")
    streamplate("trust", moved)
    assert streamplate("update", PROJECT).exit_code == 0
    assert (PROJECT / "agent.py").read_text() == NEWER.replace("line 18\n", "mine\n")


def test_nothing_goes_back_in_silence(streamplate: Command, trusted: str, release: Release) -> None:
    release("v1.1.0", agent_py=NEWER)
    assert streamplate("update", PROJECT).exit_code == 0
    git("commit", "-qam", "updated")
    for args in (["--to", "v1.0.0"], ["--template", f"{trusted}@v1.0.0"]):
        refused = streamplate("update", PROJECT, *args)
        assert (refused.exit_code, "v1.0.0 is older" in refused.stderr, "--back" in refused.stderr) == (2, True, True)
    assert streamplate("update", PROJECT, "--to", "1.0.0", "--back").exit_code == 0
    assert (PROJECT / "agent.py").read_text() == LINES.replace("line 18\n", "mine\n")


def test_a_branch_that_is_ahead_of_every_release(
    streamplate: Command, trusted: str, release: Release, fork: Path
) -> None:
    (fork / "agent.py").write_text(NEWER)
    git("commit", "-qam", "unreleased", cwd=fork)
    branch = git("branch", "--show-current", cwd=fork).strip()
    assert streamplate("new", "early", "--template", f"{trusted}@{branch}", "--defaults").exit_code == 0
    assert streamplate("check", "early").exit_code == 0
    assert "is up to date (v1.0.0-1-g" in streamplate("update", "early").output
    assert streamplate("update", "early", "--to", "v1.0.0").exit_code == 2
    release("v1.1.0", agent_py=NEWER + "more\n")
    assert streamplate("check", "early").exit_code == 1
    assert streamplate("update", "early").exit_code == 0
    assert Path("early/agent.py").read_text() == NEWER + "more\n"


@pytest.mark.parametrize("id", [".*", r"\d{7}", r"\d+[abc]\d+"])
def test_a_template_without_releases_is_followed_by_its_commits(streamplate: Command, fork: Path, id: str) -> None:
    """Also where a commit's id reads as a version."""
    (fork / "agent.py").write_text(LINES)
    git("add", "-A", cwd=fork)
    git("commit", "-qm", "first", cwd=fork)
    while not re.fullmatch(id, git("rev-parse", "--short", "HEAD", cwd=fork).strip()):
        git("commit", "-q", "--amend", "-m", f"first {uuid4()}", cwd=fork)
    streamplate("trust", fork)
    assert streamplate("new", "theirs", "--template", f"{fork}@HEAD", "--defaults").exit_code == 0
    assert streamplate("check", "theirs").exit_code == 0
    (fork / "agent.py").write_text(NEWER)
    git("commit", "-qam", "second", cwd=fork)
    assert streamplate("check", "theirs").output.startswith("outdated")
    updated = streamplate("update", "theirs")
    assert updated.exit_code == 0, updated.output
    assert Path("theirs/agent.py").read_text() == NEWER
    assert streamplate("check", "theirs").exit_code == 0


@pytest.mark.parametrize("form", ["file://{}", "{}", "{}/", "folder", "ssh://template.example/srv/x", "me@host:srv/x"])
def test_any_address_that_git_clones(
    streamplate: Command, fork: Path, release: Release, form: str, home: Path, tmp_path: Path
) -> None:
    """The addresses of servers are sent to the fork by the user's own git configuration, as a proxy would be."""
    release("v1.0.0", copier_yml="name: world\n", agent_py=LINES)
    bare = tmp_path / "bare"
    git("clone", "-q", "--bare", str(fork), str(bare), cwd=tmp_path)
    git("config", "--global", f"url.{bare}.insteadOf", form, cwd=tmp_path)
    address = str(fork.rename(tmp_path / "folder")) if form == "folder" else form.format(bare)
    repository = Path(address) if form == "folder" else bare

    made = streamplate("new", "theirs", "--template", address, "--defaults")

    assert made.exit_code == 0, made.output
    streamplate("trust", address)
    work = tmp_path / "work"
    git("clone", "-q", str(repository), str(work), cwd=tmp_path)
    (work / "agent.py").write_text(NEWER)
    git("commit", "-qam", "v1.1.0", cwd=work)
    git("tag", "v1.1.0", cwd=work)
    git("push", "-q", "origin", "v1.1.0", cwd=work)
    assert streamplate("check", "theirs").output.startswith("outdated")
    updated = streamplate("update", "theirs")
    assert updated.exit_code == 0, updated.output
    assert Path("theirs/agent.py").read_text() == NEWER
    record = Path("theirs/.copier-answers.yml").read_text()
    assert addresses.same(record.partition("_src_path: ")[2].splitlines()[0], address)


@pytest.mark.parametrize(
    ("text", "url", "ref"),
    [
        ("codecommit::eu-west-1://agents", "codecommit::eu-west-1://agents", ""),
        ("codecommit::eu-west-1://profile@agents", "codecommit::eu-west-1://profile@agents", ""),
        ("codecommit://profile@agents", "codecommit://profile@agents", ""),
        ("https://acme@dev.azure.com/acme/p/_git/t", "https://dev.azure.com/acme/p/_git/t", ""),
        ("git@ssh.dev.azure.com:v3/acme/p/t", "git@ssh.dev.azure.com:v3/acme/p/t", ""),
        ("ssh://git@example.com:2222/a/b@v2", "ssh://git@example.com:2222/a/b", "v2"),
        ("git+https://example.com/a@v1", "https://example.com/a", "v1"),
        ("https://github.com/acme/agents", "https://github.com/acme/agents.git", ""),
    ],
)
def test_addresses_of_servers(text: str, url: str, ref: str) -> None:
    assert addresses.split(text) == (url, ref)


def test_plain_copier_reads_what_is_recorded(
    streamplate: Command, fork: Path, release: Release, tmp_path: Path
) -> None:
    release("v1.0.0", copier_yml="name: world\n", agent_py=LINES)
    git("clone", "-q", "--bare", str(fork), "bare", cwd=tmp_path)
    assert streamplate("new", "theirs", "--template", f"file://{tmp_path}/bare", "--defaults").exit_code == 0
    copier = ["copier", "update", "--defaults", "--quiet", "theirs"]
    subprocess.run([Path(sys.executable).parent / copier[0], *copier[1:]], check=True)


def test_what_is_made_once_is_left_to_its_owner(streamplate: Command, trusted: str, release: Release) -> None:
    once = "name: world\n_skip_if_exists: ['{{ name }}.md', lost.md]\n"
    release("v1.1.0", copier_yml=once, world_md="1\n", lost_md="1\n")
    assert streamplate("update", PROJECT).exit_code == 0
    (PROJECT / "world.md").write_text("mine\n")
    (PROJECT / "lost.md").unlink()
    git("add", "-A")
    git("commit", "-qm", "mine")
    release("v1.2.0", world_md="2\n", lost_md="2\n")
    result = streamplate("update", PROJECT, "--json")
    (report,) = json.loads(result.stdout)
    assert (result.exit_code, report["conflicts"], report["missed"]) == (0, [], [])
    assert (PROJECT / "world.md").read_text() == "mine\n"
    assert (PROJECT / "lost.md").read_text() == "2\n"


def test_what_the_template_says_is_said(streamplate: Command, trusted: str, release: Release) -> None:
    said = "_message_after_copy: Welcome {{ name }}\n_message_after_update: Well done {{ name }}\n"
    release("v1.1.0", copier_yml="name: world\n" + said, agent_py=NEWER)
    assert "Welcome Ada" in streamplate("new", "theirs", "--template", trusted, "--defaults", "-d", "name=Ada").stdout
    assert "Well done world" in streamplate("update", PROJECT).stdout


@pytest.mark.parametrize("known", [True, False])
def test_its_migrations_are_named_and_not_run(
    streamplate: Command, trusted: str, release: Release, tmp_path: Path, known: bool
) -> None:
    ran = tmp_path / "ran"
    newer = f"[{{version: v1.1.0, command: 'touch {ran}'}}, {{version: v1.0.0, command: old}}, [python, other.py]]"
    older = f"[{{version: v1.1.0, before: ['touch {ran}'], after: [[python, other.py]]}}]"
    release("v1.1.0", copier_yml=f"name: world\n_migrations: {newer if known else older}\n", agent_py=NEWER)
    result = streamplate("update", PROJECT, "--json")
    (report,) = json.loads(result.stdout)
    steps = [f"Migration of the template: touch {ran}", "Migration of the template: python other.py"]
    assert (report["manual"], ran.exists()) == (steps, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "v1.1.0.yml cannot be read"),
        ("- one\n", "they are no KEY: VALUE lines"),
        ("title: new\n", "'title' is none of summary, breaking"),
        ("manual: Read it\n", "manual is 'Read it', which is no list of texts"),
        ("renames: {a: [b]}\n", "which is no table of texts"),
    ],
)
def test_notes_that_cannot_be_read(
    streamplate: Command, trusted: str, release: Release, fork: Path, text: str, said: str
) -> None:
    (fork / "template/releases").mkdir(parents=True)
    (fork / "template/releases/v1.1.0.yml").write_text(text)
    release("v1.1.0", agent_py=NEWER)
    result = streamplate("update", PROJECT)
    assert (result.exit_code, said in result.stderr) == (1, True), result.stderr


def test_a_name_of_an_own_dependency_is_refused_later_too(
    streamplate: Command, trusted: str, fork: Path, release: Release
) -> None:
    (fork / "template").mkdir()
    (fork / "template/packages.json").write_text(json.dumps({"world": ["httpx"]}))
    (fork / "pyproject.toml.jinja").write_text(
        "[project]\nname = '{{ name }}'\ndependencies = [{% if http %}'httpx>=1'{% endif %}]\n"
    )
    release("v1.1.0", copier_yml="name: world\nhttp: false\n")
    assert streamplate("update", PROJECT).exit_code == 0
    git("commit", "-qam", "updated")
    for args in (["configure", PROJECT], ["update", PROJECT]):
        refused = streamplate(*args, "-d", "http=true")
        assert (refused.exit_code, "world is a package that comes with httpx" in refused.stderr) == (2, True)
    assert git("status", "--porcelain") == ""
