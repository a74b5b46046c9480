"""Node.js and npm, for the clients that are written for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest


def run(folder: Path, *arguments: object) -> tuple[int, str, str]:
    """A Node.js program to its end: the exit code, standard output and standard error."""
    command = ["node", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def npm(folder: Path, *arguments: str) -> str:
    """Run npm in a folder; what it prints."""
    done = subprocess.run(["npm", *arguments], cwd=folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(folder: Path, factory: pytest.TempPathFactory) -> None:
    """Install what a folder's package.json names, once for all the processes that run the tests."""
    if shutil.which("npm") is None:
        pytest.skip("Node.js and npm are not installed")
    own = factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / f"npm-{folder.name}"
    try:
        shared.mkdir()
    except FileExistsError:
        _wait(shared / "done")
    else:
        shutil.copy(folder / "package.json", shared)
        npm(shared, "install", "--no-audit", "--no-fund", "--no-update-notifier")
        (shared / "done").touch()
    (folder / "node_modules").symlink_to(shared / "node_modules")


def _wait(file: Path) -> None:
    deadline = time.monotonic() + 900
    while not file.exists():
        assert time.monotonic() < deadline, "the process that installs has failed"
        time.sleep(0.2)
