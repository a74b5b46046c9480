"""The examples are what the tool generates, to the byte."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from streamplate.cli import main

from tests.example import ANSWERS, EXAMPLES, INDEX, render
from tests.example_index import index

COMMANDS = re.findall(r"`(streamplate new .*)`", INDEX.read_text("utf-8"))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_example_equals_a_fresh_render(name: str, tmp_path: Path) -> None:
    fresh = render(name, tmp_path)

    assert contents(EXAMPLES / name, tracked(EXAMPLES / name)) == contents(fresh, files(fresh)), (
        "the example differs from the template: run `python -m tests.example` and commit the result"
    )


def test_the_index_is_that_of_the_template() -> None:
    assert INDEX.read_text("utf-8") == index(ANSWERS), "the index is behind the template: run `python -m tests.example`"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_index_makes_a_project(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, *arguments = shlex.split(command)

    made = CliRunner().invoke(main, [*arguments, "--no-git"])

    assert made.exit_code == 0, made.output
    assert (tmp_path / arguments[1] / "src").is_dir()


@pytest.mark.parametrize("name", ANSWERS)
def test_the_command_of_an_example_makes_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (made_by,) = (made_by for made_by in COMMANDS if f" {name} " in made_by)

    CliRunner().invoke(main, [*shlex.split(made_by)[1:], "--no-git"])

    fresh = render(name, tmp_path / "fresh")
    assert contents(tmp_path / name, files(tmp_path / name)) == contents(fresh, files(fresh))


def tracked(folder: Path) -> list[str]:
    """What git knows of it: a virtual environment or a cache beside the files does not count."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.check_output(listing, cwd=folder, text=True).split("\0")
    return sorted(name for name in names if name and (folder / name).exists())


def files(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def contents(folder: Path, names: list[str]) -> dict[str, bytes]:
    """The files of a project by name."""
    return {name: (folder / name).read_bytes() for name in names}
