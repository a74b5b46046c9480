"""The suite in two parts: what `pytest` alone runs, and what the gate runs after it. Together they are all of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.tiers import QUICK, SMOKE, TIERS, marks, stale

ROOT = Path(__file__).parents[1]
KINDS = sorted(set(TIERS.values()))


def test_pytest_alone_runs_the_quick_part() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]

    assert settings["addopts"].endswith(f"-m '{QUICK}'")
    assert [*KINDS, "smoke"] == [marker.partition(":")[0] for marker in settings["markers"]]


def test_the_gate_runs_what_pytest_alone_leaves_out() -> None:
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    expressions = re.findall(r"\.venv/bin/pytest -m '(.*) and not smoke'", gate)

    assert re.search(r"&& \.venv/bin/pytest \|\|", gate)
    assert sorted(re.findall(r"\w+", " or ".join(expressions).replace(" or ", " "))) == KINDS
    assert f"not ({' or '.join(KINDS)}) or smoke" == QUICK


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_smoke_and_a_command_in_contributing(kind: str) -> None:
    assert any(kind in marks(test) for test in SMOKE)
    assert f"`pytest -m {kind}`" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_the_longest_beginning_decides() -> None:
    assert marks("end_to_end/test_main_job.py::test_a_port_that_is_taken_is_told") == ["slow"]
    assert marks("end_to_end/test_cells.py::test_a_cell_passes_its_own_tests[strands-bedrock]") == ["cell"]
    assert marks(SMOKE[0]) == ["browser", "smoke"]
    assert marks("tool/test_new.py::test_anything") == []


def test_a_name_in_the_tables_that_no_test_has_is_found() -> None:
    assert stale(SMOKE) == [beginning for beginning in TIERS if not any(each.startswith(beginning) for each in SMOKE)]
    assert set(SMOKE) <= set(stale([]))
