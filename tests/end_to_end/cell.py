"""One cell of the matrix: `python -m tests.end_to_end.cell FRAMEWORK PROVIDER [FOLDER]`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.end_to_end.conftest import run
from tests.template.combinations import matrix
from tests.template.needed import deptry_arguments


def cells() -> list[tuple[str, str]]:
    """Every framework with every provider that it is offered with."""
    return [(framework, provider) for framework, providers in matrix().items() for provider in providers]


def few_cells() -> list[tuple[str, str]]:
    """Every framework once, with a provider that the ones before it leave out, as long as there are any."""
    chosen: dict[str, str] = {}
    for framework, providers in matrix().items():
        chosen[framework] = next((provider for provider in providers if provider not in chosen.values()), providers[0])
    left_out = [cell for cell in cells() if cell[1] not in chosen.values()]
    return [*chosen.items(), *{provider: (framework, provider) for framework, provider in left_out}.values()]


OF_ANY_FRAMEWORK = ("units", "shutdown", "local_only", "local_model", "model_calls")
"""Tests of a project's that do not depend on its framework: the whole cells run them, once for each provider."""


def check(streamplate: Path, project: Path, *, whole: bool = True, **answers: str) -> None:
    """Make, install, check and test a project; AssertionError with what was printed when a step fails."""
    data = [part for key, value in answers.items() for part in ("-d", f"{key}={value}")]
    run(streamplate, "new", project, "--defaults", "--no-git", *data)
    run("uv", "sync", "--quiet", cwd=project)
    for arguments in deptry_arguments(project):
        run("uv", "run", "--no-sync", "--with", "deptry", "deptry", *arguments, cwd=project)
    run("uv", "run", "--no-sync", "mypy", cwd=project)
    left_out = [] if whole else [f"--ignore=tests/test_{name}.py" for name in OF_ANY_FRAMEWORK]
    # They wait more than they work: several at once take a third of the time.
    run("uv", "run", "--no-sync", "--with", "pytest-xdist", "pytest", "-q", "-n", 3, *left_out, cwd=project)


def main() -> None:
    """Check one cell with the streamplate of this environment."""
    framework, provider, *folder = sys.argv[1:]
    command = shutil.which("streamplate", path=Path(sys.executable).parent)
    assert command, "streamplate is not installed beside this Python"
    with tempfile.TemporaryDirectory() as temporary:
        check(Path(command), Path(*folder or [temporary]) / "my-agent", framework=framework, model_provider=provider)
    print(f"{framework} with {provider}: passed")


if __name__ == "__main__":
    main()
