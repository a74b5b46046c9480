"""What the documents say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.readme import README, filled

ROOT = README.parent
DOCUMENTS = sorted(ROOT.glob("*.md"))


def test_the_tables_of_the_readme_are_those_of_the_template() -> None:
    text = README.read_text()

    assert filled(text) == text, "README.md is behind the template: run `python -m tests.readme`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())

    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if path.name != "CHANGELOG.md"], ids=lambda path: path.name
)
def test_files_and_commands_that_are_named_exist(document: Path) -> None:
    named = re.findall(r"`((?:tests|template|generator|examples)/[\w./-]+)`", document.read_text())

    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []
