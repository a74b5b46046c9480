"""Templates as companies write them: other types and tags than ours, tasks, secrets, addresses with passwords."""

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
from streamplate import addresses, redaction, trust
from streamplate.errors import StreamplateError, UsageProblem

Command = Callable[..., Result]
Release = Callable[..., None]
MADE = Path("made")
QUESTIONS = """\
name: foo
port: {type: int, choices: [8080, 8081], default: 8080}
ports: {type: int, choices: {http: 80, https: 443}, multiselect: true, default: [80]}
kind: {type: "{{ 'str' }}", default: a}
place: {type: path, default: x/y}
token: {type: str, secret: true, default: none}
offered: {type: str, default: ours has a table of this name, when: false}
"""


def made(streamplate: Command, source: Path | str, *args: str) -> dict[str, object]:
    result = streamplate("new", MADE, "--template", source, "--defaults", *args)
    assert result.exit_code == 0, result.output
    return recorded()


def recorded() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((MADE / ".copier-answers.yml").read_text())
    return found


def commit(project: Path = MADE) -> None:
    subprocess.run(["git", "commit", "-qam", "x"], cwd=project, check=True)


def test_an_answer_is_of_the_type_that_copier_gives_it(streamplate: Command, fork: Path, release: Release) -> None:
    release("v1.0.0", copier_yml=QUESTIONS)
    args = [
        part for pair in ("name=1.10", "kind=yes", "place=1.10", "port=8081", "ports=443,80") for part in ("-d", pair)
    ]
    answers = made(streamplate, fork, *args)
    assert [answers[key] for key in ("name", "kind", "place", "port", "ports")] == [
        "1.10",
        "yes",
        "1.10",
        8081,
        [80, 443],
    ]


def test_a_list_of_numbers_is_carried_over_and_changed(streamplate: Command, fork: Path, release: Release) -> None:
    release("v1.0.0", copier_yml=QUESTIONS)
    release("v1.1.0", new="new\n")
    trust.add(str(fork))
    made(streamplate, f"{fork}@v1.0.0", "-d", "ports=80,443")
    assert streamplate("update", MADE, "--defaults").exit_code == 0
    commit()
    assert streamplate("configure", MADE, "-d", "ports=-80").exit_code == 0
    assert recorded()["ports"] == [443]


def test_a_secret_is_used_and_not_recorded(streamplate: Command, fork: Path, release: Release) -> None:
    (fork / "out.jinja").write_text("{{ token }}\n")
    release("v1.0.0", copier_yml=QUESTIONS)
    assert "token" not in made(streamplate, fork, "-d", "token=abc")
    assert (MADE / "out").read_text() == "abc\n"


def test_numbers_are_choices(streamplate: Command, fork: Path, release: Release) -> None:
    release("v1.0.0", copier_yml=QUESTIONS)
    assert "    8081  8081\n" in streamplate("options", "port", "--template", fork).stdout
    refused = streamplate("new", MADE, "--template", fork, "--defaults", "-d", "port=9")
    assert "port: 9 is not one of its choices\nChoose from: 8080, 8081; as in -d port=8080" in refused.stderr


@pytest.mark.parametrize("name", ["on", "3"])
def test_a_name_that_yaml_reads_as_something_else(
    streamplate: Command, fork: Path, release: Release, name: str
) -> None:
    release("v1.0.0", copier_yml=f"{name}: {{type: str, default: a}}\n")
    refused = streamplate("options", "--template", fork)
    assert (refused.exit_code, "is no name of a question" in refused.stderr) == (1, True)


def test_an_answer_that_is_no_choice_any_more_is_named(streamplate: Command, fork: Path, release: Release) -> None:
    release("v1.0.0", copier_yml="db: {type: str, choices: [pg, mysql], default: mysql}\n")
    release("v1.1.0", copier_yml="db: {type: str, choices: [pg, sqlite], default: pg}\n")
    trust.add(str(fork))
    made(streamplate, f"{fork}@v1.0.0")
    assert "Choose from: pg, sqlite; as in -d db=pg" in streamplate("update", MADE, "--defaults").stderr
    assert streamplate("update", MADE, "--defaults", "-d", "db=pg").exit_code == 0


@pytest.mark.parametrize("file", ["1.1.0", "v1.1.0"])
def test_releases_without_a_v_have_notes(streamplate: Command, fork: Path, release: Release, file: str) -> None:
    release("1.0.0", copier_yml="name: a\n")
    (fork / "template/releases").mkdir(parents=True)
    (fork / f"template/releases/{file}.yml").write_text("breaking: [it breaks]\n")
    release("1.1.0", new="new\n")
    trust.add(str(fork))
    made(streamplate, f"{fork}@1.0.0")
    (report,) = json.loads(streamplate("update", MADE, "--json").stdout)
    assert report["breaking"] == ["it breaks"]


def test_a_task_may_init_git_and_print(fork: Path, release: Release) -> None:
    release("v1.0.0", copier_yml="_tasks: [git init -q, echo hello, git add -A]\nname: a\n")
    command = [sys.executable, "-m", "streamplate", "new", MADE, "--template", fork, "--defaults", "--trust", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["release"] == "v1.0.0"
    assert "hello\n" in done.stderr
    assert len(subprocess.check_output(["git", "log", "--oneline"], cwd=MADE, text=True).splitlines()) == 1


SECRETS = [
    "https://user:s3cret@example.com/x.git",
    "HTTPS://s3cret@example.com/x.git",
    "git+https://user:s3/cr@et@example.com/x.git",
    "ssh://git:s3cret@example.com/x.git",
    "ftp://user:s3cret@example.com/x.git",
    "https://example.com/x.git?private_token=s3cret",
]
OPEN = ["https://example.com:8443/a@b/x.git", "ssh://git@example.com:22/x.git", "git@example.com:x.git", "/a/b@c"]


@pytest.mark.parametrize("address", SECRETS)
def test_a_password_is_neither_taken_nor_shown(address: str) -> None:
    with pytest.raises(UsageProblem, match="user name or password"):
        addresses.split(address)
    failure = StreamplateError(f"{address} cannot be fetched", f"fatal: unable to access '{address}/'")
    assert "s3" not in failure.message + failure.hint


@pytest.mark.parametrize("address", OPEN)
def test_other_addresses_are_shown_as_they_are(address: str) -> None:
    assert redaction.hidden(f"{address} cannot be fetched: a@b") == f"{address} cannot be fetched: a@b"
    assert not redaction.holds_secret(address)


def test_a_recorded_password_is_not_shown(streamplate: Command, url: str) -> None:
    project = Path("my-agent")
    path = project / ".copier-answers.yml"
    path.write_text(path.read_text().replace(url, "https://user:s3cret@127.0.0.1:9/x.git"))
    commit(project)
    commands = [["check"], ["check", "--json"], ["update"], ["update", "--trust", "-v"], ["source", url]]
    said = [streamplate(*command, project) for command in commands]
    assert "s3cret" not in "".join(result.output for result in said)
    assert "holds a password: https://***@127.0.0.1:9/x.git\nMake it invalid" in said[2].stderr
    assert streamplate("trust", "https://user:s3cret@example.com/").exit_code == 2
    assert [result.exit_code for result in said] == [1, 1, 1, 1, 0]


def test_a_long_address_moves(streamplate: Command, fork: Path, release: Release, tmp_path: Path) -> None:
    long = tmp_path / "a long path with blanks/that is longer than eighty/characters with all the blanks/of it"
    release("v1.0.0", copier_yml="name: a\n")
    long.parent.mkdir(parents=True)
    fork.rename(long)
    made(streamplate, long)
    assert len((MADE / ".copier-answers.yml").read_text().splitlines()) > 3
    long.rename(fork)
    assert streamplate("source", fork, MADE).exit_code == 0
    assert recorded() == {"_commit": "v1.0.0", "_src_path": str(fork), "name": "a"}


@pytest.mark.parametrize("line", ["_commit:", "_commit: ''", "_commit: [1]"])
def test_a_release_that_is_none_is_no_release(streamplate: Command, url: str, line: str) -> None:
    path = Path("my-agent/.copier-answers.yml")
    path.write_text(path.read_text().replace("_commit: v1.0.0", line))
    trust.add(url)
    assert "cannot be read" in streamplate("check", "my-agent").stdout


def test_a_report_is_written_or_nothing_is_done(streamplate: Command, url: str, release: Release) -> None:
    release("v1.1.0", new="new\n")
    trust.add(url)
    refused = streamplate("update", "my-agent", "--report", "nowhere/report.md")
    assert (refused.exit_code, Path("my-agent/new").exists()) == (1, False)
    Path("my-agent/agent.py").write_text("not committed\n")
    assert streamplate("update", "my-agent", "--report", "report.md").exit_code == 1
    assert "uncommitted changes: agent.py" in Path("report.md").read_text()


def completed(*words: str) -> list[str]:
    """What the shell proposes for the last of `words`."""
    variables = {"COMP_WORDS": "streamplate " + " ".join(words), "COMP_CWORD": words[-1]}
    asked = {**os.environ, **variables, "_STREAMPLATE_COMPLETE": "fish_complete"}
    command = [sys.executable, "-c", "from streamplate.cli import main; main(prog_name='streamplate')"]
    said = subprocess.run(command, env=asked, capture_output=True, text=True, check=True).stdout
    return [line.partition(",")[2].split("\t")[0] for line in said.splitlines() if line]


def test_the_shell_completes_its_questions(streamplate: Command, fork: Path, release: Release, home: Path) -> None:
    release("v1.0.0", copier_yml="team: {type: str, choices: [red, blue], default: red}\n")
    made(streamplate, fork)
    assert completed("configure", str(MADE), "-d", "te") == []  # it is not trusted, so nothing is fetched
    trust.add(str(fork))
    assert completed("configure", str(MADE), "-d", "te") == ["team="]
    fork.rename(f"{fork}-away")
    assert completed("configure", str(MADE), "-d", "team=b") == ["team=blue"]
    assert completed("update", str(MADE), "-d", "team=") == ["team=red", "team=blue"]
    assert completed("new", "x", "-d", "regi") == ["region="]
    assert completed("new", "x", "--template", f"{fork}-away", "-d", "team=r") == ["team=red"]
