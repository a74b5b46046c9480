"""The commands in the README, run; where one needs a terminal, an account or minutes, in its shortest form."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.conftest import ROOT, run
from tests.end_to_end.test_main_job import serving

BLOCKS = [
    block.splitlines() for block in re.findall(r"^```console\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
]
TRY, MAKE, UPDATE, TEST = [[line.partition("  #")[0].strip() for line in block] for block in BLOCKS]
INSTEAD = {
    "streamplate new my-agent": "streamplate new my-agent --defaults",
    "uv run chat": "echo 'What is 6*7?' | uv run chat",
    "uv run pytest": "uv run pytest -q tests/test_units.py",
    "uv run deploy": "uv run deploy --dry-run",
}


def test_the_first_command_streams_an_answer_from_a_clean_copy(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "copier.yml", "template", "generator"):
        place = ROOT / name
        shutil.copytree(place, copy / name) if place.is_dir() else shutil.copy(place, copy)
    (command,) = TRY

    printed = shell(command.replace("python3", sys.executable, 1), copy)

    assert "449" in printed


def test_make_your_own(streamplate: Path, tmp_path: Path) -> None:
    serve = MAKE.index("uv run serve --offline")
    before, after = MAKE[:serve], MAKE[serve + 1 :]
    shell(" && ".join(INSTEAD.get(line, line) for line in before), tmp_path, streamplate)
    project = tmp_path / "my-agent"
    run("uv", "sync", "--quiet", cwd=project)

    with serving(project) as url:
        for line in after:
            shell(INSTEAD.get(line, line), project, streamplate, PORT=url.rpartition(":")[2])


def test_when_the_template_moves_on(streamplate: Path, tmp_path: Path) -> None:
    project = tmp_path / "my-agent"
    run(streamplate, "new", project, "--defaults")

    printed = [shell(line, project, streamplate) for line in UPDATE]

    assert "up to date" in printed[0]
    assert "time.py" not in printed[-2]
    assert "calculator.py" in printed[-2]
    assert "as it was before" in printed[-1]


def test_the_gate_runs_the_command_for_the_tests() -> None:
    (command,) = TEST

    assert command in (ROOT / ".ci" / "run").read_text().replace(" --quiet", "")


def shell(command: str, folder: Path, streamplate: Path | None = None, **variables: str) -> str:
    """What a command prints, `streamplate` being the one installed from the wheel."""
    path = os.pathsep.join([*([str(streamplate.parent)] if streamplate else []), os.environ["PATH"]])
    environment = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", command],
        cwd=folder,
        env=environment | {"PATH": path} | variables,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
