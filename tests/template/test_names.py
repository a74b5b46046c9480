"""A project is not called like something that it imports, or depends on."""

import json
from pathlib import Path

import pytest
import streamplate
from streamplate.names import PACKAGES

from tests.names import RESERVED, ROOT, questions_file, requirements


def test_names_that_are_taken_are_known() -> None:
    assert RESERVED.read_text("utf-8") == questions_file(), "the names are behind: run `python -m tests.names`"


def test_what_each_requirement_brings_is_known() -> None:
    origins = json.loads((ROOT / PACKAGES).read_text("utf-8"))

    assert {requirement for bringing in origins.values() for requirement in bringing} == requirements(), (
        "the packages are behind: run `python -m tests.names`"
    )


@pytest.mark.parametrize(
    "name",
    [
        "class",
        "calendar",
        "local-model",
        "openai",
        "langchain-aws",
        "tests",
        "evals",
        "clients",
        "dev",
        "con",
        "lpt9",
        "yaml",
    ],
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


def test_a_package_of_its_own_dependencies_is_explained_before_anything_is_written(tmp_path: Path) -> None:
    answers = {"project_name": "tornado", "clients": ["notebook"]}

    with pytest.raises(streamplate.UsageProblem, match="tornado is a package that comes with ipykernel") as refused:
        streamplate.new(tmp_path / "project", answers, git=False)

    assert "my-tornado" in refused.value.hint
    assert not (tmp_path / "project").exists()


def test_a_package_that_no_dependency_brings_is_a_name_like_any_other(tmp_path: Path) -> None:
    answers = {"project_name": "tornado", "clients": ["terminal"]}

    assert streamplate.new(tmp_path / "project", answers, git=False, dry_run=True).answers["project_name"] == "tornado"
