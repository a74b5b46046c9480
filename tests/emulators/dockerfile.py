"""Runs the steps of a Dockerfile in plain folders: each stage is one, and stands for the root of an image.

It does what COPY, ENV, WORKDIR, RUN and CMD say, with this machine's Python in the place of the base image's. What it
does not do: isolate anything, make users (RUN useradd and USER are noted only), install into the base image (RUN pip),
or emulate arm64.
"""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SKIPPED = ("useradd", "pip")  # what only an image of its own can take


@dataclass
class Stage:
    """A stage: its base image and platform, and what it has come to."""

    root: Path
    base: str
    platform: str = ""
    folder: str = "/"
    user: str = "root"
    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        return self.root / (Path(self.folder) / name).as_posix().lstrip("/")


def build(context: Path, target: Path) -> Stage:
    """Execute `context`/Dockerfile below `target`; returns the last stage."""
    stages: dict[str, Stage] = {}
    lines = (context / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    for line in lines:
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            stage = _from(rest.split(), target / str(len(stages)))
            stages[rest.split()[-1]] = stage
        elif instruction and instruction != "#":
            _STEPS[instruction](stage, rest, context, stages)
    return stage


def process_environment(stage: Stage) -> dict[str, str]:
    """The variables of a process in the stage: paths of the image become paths of this machine."""
    inherited = {"PATH": os.environ["PATH"], "HOME": str(stage.root)}
    return inherited | {
        name: value.replace("/app", str(stage.root / "app")) for name, value in stage.environment.items()
    }


def _from(words: list[str], root: Path) -> Stage:
    root.mkdir(parents=True)
    platform = next((word.partition("=")[2] for word in words if word.startswith("--platform=")), "")
    (base, *_) = [word for word in words if not word.startswith("--")]
    return Stage(root, base, platform)


def _workdir(stage: Stage, rest: str, context: Path, stages: Mapping[str, Stage]) -> None:
    stage.folder = rest
    stage.path(".").mkdir(parents=True, exist_ok=True)


def _copy(stage: Stage, rest: str, context: Path, stages: Mapping[str, Stage]) -> None:
    words = rest.split()
    origin = stages[words.pop(0).partition("=")[2]].root if words[0].startswith("--from=") else context
    *sources, target = words
    for source in (origin / name.lstrip("/") for name in sources):
        if source.is_dir():
            shutil.copytree(source, stage.path(target), dirs_exist_ok=True, symlinks=True)
        else:
            shutil.copy(source, stage.path(target))


def _run(stage: Stage, rest: str, context: Path, stages: Mapping[str, Stage]) -> None:
    if not rest.startswith(SKIPPED):
        done = subprocess.run(
            shlex.split(rest),
            cwd=stage.path("."),
            env=_base() | process_environment(stage),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


def _base() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}


def _env(stage: Stage, rest: str, context: Path, stages: Mapping[str, Stage]) -> None:
    for name, _, value in (pair.partition("=") for pair in shlex.split(rest)):
        stage.environment[name] = value.replace("$PATH", os.environ["PATH"])


def _user(stage: Stage, rest: str, context: Path, stages: Mapping[str, Stage]) -> None:
    stage.user = rest


def _cmd(stage: Stage, rest: str, context: Path, stages: Mapping[str, Stage]) -> None:
    stage.command = json.loads(rest)


def _expose(stage: Stage, rest: str, context: Path, stages: Mapping[str, Stage]) -> None:
    assert rest.isdecimal()


_STEPS = {
    "WORKDIR": _workdir, "COPY": _copy, "RUN": _run, "ENV": _env, "USER": _user, "CMD": _cmd, "EXPOSE": _expose,
}  # fmt: skip
