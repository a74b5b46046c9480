"""Every framework with every model provider: rendered, installed, checked, and put through the project's own tests.

`python -m tests.end_to_end.cell FRAMEWORK PROVIDER` runs one by hand.
"""

from pathlib import Path

import pytest

from tests.end_to_end.cell import cells, check


@pytest.mark.parametrize(("framework", "provider"), cells())
def test_a_cell_passes_its_own_tests(framework: str, provider: str, streamplate: Path, tmp_path: Path) -> None:
    check(streamplate, tmp_path / "my-agent", framework, provider)
