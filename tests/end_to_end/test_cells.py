"""Frameworks with model providers: rendered, installed, checked, and put through the project's own tests.

As many cells as it takes to have every framework and every provider once, of each the agent alone, without tools,
clients and deployment: that is what the contract is about. With ALL_CELLS=1 these are whole projects, and the other
cells are tested too. `python -m tests.end_to_end.cell FRAMEWORK PROVIDER` runs a whole one by hand.
"""

import os
from pathlib import Path

import pytest
from streamplate import options

from tests.end_to_end.cell import cells, check, few_cells

FEW = few_cells()
OTHERS = [cell for cell in cells() if cell not in FEW]
ALL = "ALL_CELLS" in os.environ
AGENT_ALONE = {"tools": "", "clients": "", "deployment": ""}


@pytest.mark.skipif(not ALL, reason="whole projects take half an hour: ALL_CELLS=1 tests them")
@pytest.mark.parametrize(("framework", "provider"), FEW)
def test_a_cell_passes_its_own_tests(framework: str, provider: str, streamplate: Path, tmp_path: Path) -> None:
    check(streamplate, tmp_path / "my-agent", framework=framework, model_provider=provider)


@pytest.mark.parametrize(("framework", "provider"), OTHERS if ALL else FEW)
def test_the_agent_of_a_cell_keeps_the_contract(
    framework: str, provider: str, streamplate: Path, tmp_path: Path
) -> None:
    answers = {"framework": framework, "model_provider": provider, **AGENT_ALONE}
    check(streamplate, tmp_path / "my-agent", whole=not ALL, **answers)


def test_a_project_with_nothing_chosen_passes_its_own_tests(streamplate: Path, tmp_path: Path) -> None:
    check(streamplate, tmp_path / "my-agent", protocol="ag-ui", **AGENT_ALONE)


def test_a_project_with_everything_chosen_passes_its_own_tests(streamplate: Path, tmp_path: Path) -> None:
    everything = {question.key: ",".join(question.choices) for question in options() if question.multiple}
    check(streamplate, tmp_path / "my-agent", **everything)
