"""Every subset of the reference tools, with every protocol, type-checks where its protocol's packages are."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamplate

from tests.end_to_end.conftest import run
from tests.template.combinations import name, tools_by_protocol

DEFAULT = {"weather", "time", "calculator"}
ANSWERS = [answers for answers in tools_by_protocol() if DEFAULT.issuperset(answers["tools"])]


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """By protocol: a virtual environment with what its projects import, and mypy."""

    @cache
    def environment(protocol: str) -> Path:
        folder = tmp_path_factory.mktemp("types")
        project = streamplate.new(folder / "my-agent", {"protocol": protocol}, git=False).path
        run("uv", "sync", "--quiet", "--no-install-project", cwd=project)
        return project / ".venv"

    return environment


@pytest.mark.parametrize("answers", ANSWERS, ids=name)
def test_it_type_checks(answers: dict[str, Any], environments: Callable[[str], Path], tmp_path: Path) -> None:
    project = streamplate.new(tmp_path / "my-agent", {"project_name": "my-agent"} | answers, git=False).path
    environment = environments(answers["protocol"])

    run(environment / "bin" / "mypy", "--cache-dir", environment.parent / ".mypy_cache", cwd=project)
