"""Every subset of the reference tools, with every protocol, type-checks in one environment that has what all import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamplate

from tests.end_to_end.conftest import run
from tests.template.combinations import name, tools_by_protocol

DEFAULT = {"weather", "time", "calculator"}
ANSWERS = [answers for answers in tools_by_protocol() if DEFAULT.issuperset(answers["tools"])]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with what these projects import, and mypy."""
    project = streamplate.new(tmp_path_factory.mktemp("types") / "my-agent", git=False).path
    run("uv", "sync", "--quiet", "--no-install-project", cwd=project)
    return project / ".venv"


@pytest.mark.parametrize("answers", ANSWERS, ids=name)
def test_it_type_checks(answers: dict[str, Any], environment: Path, tmp_path: Path) -> None:
    project = streamplate.new(tmp_path / "my-agent", {"project_name": "my-agent"} | answers, git=False).path

    run(environment / "bin" / "mypy", "--cache-dir", environment.parent / ".mypy_cache", cwd=project)
