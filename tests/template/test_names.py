"""A project is not called like something that it imports."""

import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamplate
from streamplate.questions import load
from streamplate.template import unpacked

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def taken() -> Iterator[str]:
    """Keywords, the standard library, and every requirement in the template."""
    yield from keyword.kwlist
    yield from sys.stdlib_module_names
    for file in (Path(__file__).parents[2] / "template").rglob("*.txt"):
        for line in file.read_text().splitlines():
            if requirement := re.match(r"([A-Za-z0-9._-]+)(\[[a-z,-]+\])?>=", line):
                yield requirement[1]


def test_names_that_are_taken_are_known() -> None:
    with unpacked() as template:
        questions = load(template)
    reserved = questions["reserved_names"]["default"].split()
    families = re.compile(questions["reserved_families"]["default"])
    names = {name.replace("_", "-") for name in taken()}

    unknown = {name for name in names if NAME.fullmatch(name) and not families.search(name)} - {*reserved}
    assert not unknown, sorted(unknown)


@pytest.mark.parametrize(
    "name", ["class", "calendar", "local-model", "openai", "langchain-aws", "tests", "evals", "clients", "dev"]
)
def test_a_name_that_is_taken_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(streamplate.UsageProblem, match="choose another"):
        streamplate.new(tmp_path / "project", {"project_name": name}, git=False)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("agent", "my-agent"),
        ("My Agent!", "my-agent"),
        ("2026", "streaming-agent"),
        ("openai", "my-openai"),
        ("a" * 60, "a" * 45),
    ],
)
def test_the_folder_gives_a_name_that_can_be_taken(folder: str, name: str, tmp_path: Path) -> None:
    assert streamplate.new(tmp_path / folder, git=False, dry_run=True).answers["project_name"] == name
