"""Frameworks with model providers: rendered, installed, checked, and put through the project's own tests.

As many cells as it takes to have every framework and every provider once; with ALL_CELLS=1, all of them.
`python -m tests.end_to_end.cell FRAMEWORK PROVIDER` runs one by hand.
"""

import os
from pathlib import Path

import pytest
from streamplate import options

from tests.end_to_end.cell import cells, check, few_cells


@pytest.mark.parametrize(("framework", "provider"), cells() if os.environ.get("ALL_CELLS") else few_cells())
def test_a_cell_passes_its_own_tests(framework: str, provider: str, streamplate: Path, tmp_path: Path) -> None:
    check(streamplate, tmp_path / "my-agent", framework=framework, model_provider=provider)


def test_a_project_with_nothing_chosen_passes_its_own_tests(streamplate: Path, tmp_path: Path) -> None:
    check(streamplate, tmp_path / "my-agent", tools="", clients="", deployment="", protocol="ag-ui")


def test_a_project_with_everything_chosen_passes_its_own_tests(streamplate: Path, tmp_path: Path) -> None:
    everything = {question.key: ",".join(question.choices) for question in options() if question.multiple}
    check(streamplate, tmp_path / "my-agent", **everything)
