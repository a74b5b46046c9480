"""What the documents say is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import streamplate

from tests import reference
from tests.readme import PAGES, README, filled
from tests.template.combinations import choices

ROOT = README.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_tables_are_those_of_the_template(page: Path) -> None:
    text = page.read_text()

    assert "<!-- end -->" in text
    assert filled(text) == text, f"{page.name} is behind the template: run `python -m tests.readme`"


@pytest.mark.parametrize("name", reference.NAMES)
def test_the_reference_is_what_the_code_says(name: str) -> None:
    page = reference.FOLDER / name

    assert page.read_text() == reference.pages()[name], f"{page} is behind the code: run `python -m tests.reference`"


def test_the_readme_of_a_project_names_every_code() -> None:
    text = (ROOT / "examples" / "weather-time-calculator" / "README.md").read_text()

    of_others = {"no_actor", "no_result"}  # of a project that remembers its callers, and one whose answers have a form
    assert {code for code in reference.known_codes() if f"`{code}`" not in text} == of_others


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if path.name != "CHANGELOG.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_files_and_commands_that_are_named_exist(document: Path) -> None:
    named = re.findall(r"`((?:tests|template|generator|examples)/[\w./-]+)`", document.read_text())

    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("deployment", choices()["deployment"], ids="+".join)
def test_commands_and_files_that_a_project_names_are_its_own(deployment: list[str], tmp_path: Path) -> None:
    answers = {"deployment": list(deployment), "ci": "github", "evals": "questions"}
    project = streamplate.new(tmp_path / "my-agent", answers, git=False).path
    scripts = tomllib.loads((project / "pyproject.toml").read_text())["project"]["scripts"].keys()
    texts = [path.read_text() for path in project.rglob("*") if path.suffix in (".md", ".py", ".toml", ".yml", ".tf")]
    commands = {command for text in texts for command in re.findall(r"uv run ([a-z][\w-]*)", text)}
    files = {file for text in texts for file in re.findall(r"`((?:deploy|dev|clients)/[\w./-]+)`", text)}

    assert "serve" in commands
    assert commands - scripts - {"mypy", "pytest", "python", "ruff"} == set()
    assert {file for file in files if not (project / file).exists()} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_of_projects_that_are_named_are_those_of_the_template(document: Path) -> None:
    files = [*ROOT.glob("template/**/*.toml"), ROOT / "template" / "project" / "pyproject.toml.jinja"]
    scripts = {name for file in files for name in re.findall(r'^([\w-]+) = "[\w.]+:main"', file.read_text(), re.M)}
    commands = set(re.findall(r"`uv run ([a-z][\w-]*)", document.read_text()))

    assert commands - scripts - {"mypy", "pytest", "python", "ruff"} == set()
