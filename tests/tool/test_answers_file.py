"""`.copier-answers.yml` is data: however it is written, an update reads it, writes it anew, and never conflicts."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result

Command = Callable[..., Result]
PROJECT = Path("my-agent")
FILE = PROJECT / ".copier-answers.yml"


def git(*args: str) -> str:
    return subprocess.check_output(["git", *args], cwd=PROJECT, text=True)


@pytest.fixture(autouse=True)
def project(publish: Callable[..., None], streamplate: Command) -> None:
    """A project whose name is not its folder's, at v0.1.0, with v0.2.0 on board."""
    publish({"name.jinja": "{{ project_name }}\n"}, {"name.jinja": "{{ project_name }} {{ tools }}\n"})
    streamplate("new", PROJECT, "--defaults", "--release", "0.1.0", "-d", "project_name=helper")


def rewrite(change: Callable[[bytes], bytes]) -> None:
    FILE.write_bytes(change(FILE.read_bytes()))
    git("commit", "-qam", "answers")


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "quoted": lambda text: text.replace(b"_commit: v0.1.0", b'"_commit": "v0.1.0"'),
    "single quotes": lambda text: text.replace(b"helper", b"'helper'"),
    "reordered": lambda text: (
        b"".join(sorted(text.replace(b"- weather", b" [weather]").splitlines(True))[::-1])
        if b"tools: [" in text
        else b"tools: [weather]\nproject_name: helper\n_src_path: "
        + text.split(b"_src_path: ")[1].split(b"\n")[0]
        + b"\n"
        b"_commit: v0.1.0\n"
    ),
    "Windows": lambda text: text.replace(b"\n", b"\r\n"),
    "BOM": lambda text: b"\xef\xbb\xbf" + text,
    "UTF-8": lambda text: text + "owner: Zoë\n".encode(),
    "comments": lambda text: b"# do not touch\n" + text.replace(b"helper", b"helper  # ours"),
    "extra first": lambda text: b"owner: me\n" + text,
    "extra last": lambda text: text + b"zebra: 1\nteam: {name: payments, people: [a, b]}\n",
    "no last line end": lambda text: text.rstrip(b"\n"),
    "one line": lambda text: yaml.safe_dump(yaml.safe_load(text), default_flow_style=True).encode(),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_it_is_rewritten_and_never_in_conflict(streamplate: Command, how: str) -> None:
    rewrite(WRITTEN[how])
    mine = yaml.safe_load(FILE.read_text("utf-8-sig"))
    result = streamplate("update", PROJECT)
    assert result.exit_code == 0, result.stderr
    assert yaml.safe_load(FILE.read_text()) == mine | {"_commit": "v0.2.0"}
    assert (PROJECT / "name").read_text() == "helper ['weather']\n"
    git("commit", "-qam", "update")
    assert streamplate("configure", PROJECT, "-d", "tools=time").exit_code == 0
    assert yaml.safe_load(FILE.read_text()) == mine | {"_commit": "v0.2.0", "tools": ["time"]}


def test_a_missing_key_is_asked_for(streamplate: Command) -> None:
    rewrite(lambda text: text.replace(b"project_name: helper\n", b""))
    for command in (["update"], ["update", "--preview"], ["configure", "-d", "tools=time"]):
        result = streamplate(*command, PROJECT)
        assert result.exit_code == 2
        assert ".copier-answers.yml lacks project_name\nSay what it was: -d project_name=…" in result.stderr
    assert git("status", "--porcelain") == ""
    result = streamplate("update", PROJECT, "-d", "project_name=helper")
    assert result.exit_code == 0, result.stderr
    assert (PROJECT / "name").read_text() == "helper ['weather']\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"- a\n",
        b"text\n",
        b"\0",
        b"a: [\n",
        b"caf\xe9: 1\n",
        b"a: 2024-99-99\n",
        b"[" * 5000,
        b"a: &a [*a]\n: :\n",
    ],
)
def test_what_is_no_answers_file_is_said(streamplate: Command, content: bytes) -> None:
    rewrite(lambda text: content)
    for command in ("update", "check"):
        result = streamplate(command, PROJECT)
        assert (result.exit_code, "cannot be read" in result.output + result.stderr) == (1, True)


@pytest.mark.parametrize("value", [b"tools: 7\n", b"tools: {a: b}\n", b"tools: wether\n", b"tools: [{a: b}]\n"])
def test_a_value_of_the_wrong_kind_is_said(streamplate: Command, value: bytes) -> None:
    rewrite(lambda text: text.split(b"tools:")[0] + value)
    result = streamplate("update", PROJECT)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: tools: ")
    assert git("status", "--porcelain") == ""
