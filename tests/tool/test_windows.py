"""Nothing needlessly Unix-only, as far as it can be told without Windows."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
import streamplate as package
from click.testing import Result
from streamplate import template, toolchain

Command = Callable[..., Result]

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f]|[. ]$')
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
LONGEST = 180
"""Of the 260 characters that a path may have, those that are left below a folder of one's own."""


def problems(paths: list[str]) -> list[str]:
    parts = {part for path in paths for part in PurePosixPath(path).parts}
    folded = Counter(path.casefold() for path in paths)
    return [
        *(part for part in parts if FORBIDDEN.search(part) or part.split(".")[0].lower() in RESERVED),
        *(path for path in paths if len(path) > LONGEST or folded[path.casefold()] > 1),
    ]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with every tool, client, deployment and CI service that can be chosen together."""
    asked = {question.key: question for question in package.options()}
    answers = {key: list(question.choices) for key, question in asked.items() if question.multiple and question.choices}
    return package.new(tmp_path_factory.mktemp("all") / "my-agent", answers | {"ci": "github"}, git=False).path


def test_names_in_the_template() -> None:
    listed = subprocess.check_output(["git", "ls-files", "-z", "template"], cwd=template.CHECKOUT, text=True)
    paths = [path for path in listed.split("\0") if path]
    assert paths
    assert problems(paths) == []


def test_names_in_a_project(everything: Path) -> None:
    files = [path for path in everything.rglob("*") if path.is_file()]
    assert problems([path.relative_to(everything).as_posix() for path in files]) == []


def test_files_of_a_project_are_plain_with_unix_line_ends(everything: Path) -> None:
    assert [path for path in everything.rglob("*") if path.is_symlink()] == []
    assert [path for path in everything.rglob("*") if path.is_file() and b"\r\n" in path.read_bytes()] == []


def test_a_folder_elsewhere_or_on_another_drive_is_shown_whole() -> None:
    assert toolchain.shown(Path.cwd() / "a" / "my-agent") == str(Path("a", "my-agent"))
    assert toolchain.shown(Path("/elsewhere/my-agent")) == "/elsewhere/my-agent"
