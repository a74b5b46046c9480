"""docs/background-runs.md, done as it is written."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import run
from tests.end_to_end.test_main_job import serving

PAGE = (Path(__file__).parents[2] / "docs" / "background-runs.md").read_text("utf-8")
MAKE, FOLDER, _ = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0].splitlines()
ASK, HISTORY, FOLLOW = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def agent(streamplate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page's project, served."""
    folder = tmp_path_factory.mktemp("page")
    run(streamplate, *shlex.split(MAKE)[1:], cwd=folder)
    project = folder / FOLDER.removeprefix("cd ")
    run("uv", "sync", "--quiet", cwd=project)
    with serving(project) as url:
        yield url


def test_the_page_is_true(agent: str) -> None:
    shell = Shell(agent)
    number, started, *_ = shell(ASK).splitlines()
    asked = json.loads(started.removeprefix("data: "))
    assert (number, asked["type"]) == ("id: 1", "RUN_STARTED")
    assert shell("curl -s http://127.0.0.1:8080/ping").count("HealthyBusy") == 1
    assert asked["runId"] in shell(HISTORY)

    last = next(line for line in shell(FOLLOW).splitlines() if line.startswith("data: "))

    assert json.loads(last.removeprefix("data: "))["type"] == "RUN_FINISHED"
    told = shell("""curl -sN http://127.0.0.1:8080/invocations -H "$session" -d '{"history": true}'""")
    assert " ".join(map(str, range(1, 301))) in told


class Shell:
    """Runs the page's commands, whose variables stay from one to the next, against this agent."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = next(line for line in ASK.splitlines() if line.startswith("session="))

    def __call__(self, commands: str) -> str:
        program = f"{self._session}\n{commands}".replace("http://127.0.0.1:8080", self._url)
        return subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=60, check=True).stdout
