"""What an update costs, beside plain `copier update`, in one run.

    .venv/bin/python tests/benchmarks/update.py

One project from the oldest release to the newest; one that is up to date already; fifty, at once and in a loop.
Copier gets the same templates, from the same bundle, through the same redirection of git.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from streamplate import template

BIN = Path(sys.executable).parent
PROJECTS = 50
ROUNDS = 5
OF_COPIER = 10
"""How many of the fifty Copier updates; the rest is extrapolated."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made")
        streamplate("new", made, "--defaults", "--release", template.releases()[0])
        one = median(made, lambda project: streamplate("update", project, "--defaults"))
        copier = median(made, copier_update)
        print(f"one project: {one:.2f} s; copier update: {copier:.2f} s; ratio {one / copier:.2f}")
        current = Path(folder, "current")
        streamplate("new", current, "--defaults")
        idle = median(current, lambda project: streamplate("update", project))
        print(f"one that is up to date: {idle:.2f} s; ratio to an update {idle / one:.2f}")
        fifty = seconds(lambda: streamplate("update", "--all", copies(made, Path(folder, "all"), PROJECTS)))
        loop = sum(
            seconds(lambda p=p: copier_update(p)) for p in copies(made, Path(folder, "loop"), OF_COPIER).iterdir()
        )
        loop *= PROJECTS / OF_COPIER
        print(f"{PROJECTS} projects: {fifty:.1f} s; copier update in a loop: {loop:.1f} s; ratio {fifty / loop:.2f}")


def streamplate(*args: object) -> None:
    subprocess.run([BIN / "streamplate", *map(str, args)], check=True, capture_output=True)


def copier_update(project: Path) -> None:
    redirection = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{template.BUNDLE}.insteadOf",
        "GIT_CONFIG_VALUE_0": template.SOURCE,
    }
    command = [BIN / "copier", "update", "--quiet", "--defaults", project]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | redirection)


def median(project: Path, work: Callable[[Path], None]) -> float:
    """Seconds that `work` takes on a fresh copy of a project."""
    times = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copytree(project, Path(folder, "project"))
            times.append(seconds(lambda copy=copy: work(copy)))
    return statistics.median(times)


def copies(project: Path, folder: Path, count: int) -> Path:
    for number in range(count):
        shutil.copytree(project, folder / f"agent-{number:02}")
    return folder


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
