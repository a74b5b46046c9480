"""npm, for the clients that are written for Node.js."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def install(folder: Path) -> None:
    """Install what a client's package.json names, once. Skips the test where that can't be done."""
    if shutil.which("npm") is None:
        pytest.skip("Node.js and npm are not installed")
    if not (folder / "node_modules").exists():
        done = _npm(folder, "install", "--no-audit", "--no-fund")
        if done.returncode:
            pytest.skip(f"npm could not install {folder.name}'s packages: {done.stderr.strip()}")


def npm(folder: Path, *arguments: str, **variables: str) -> None:
    """Run npm with these environment variables, which must succeed."""
    done = _npm(folder, *arguments, **variables)
    assert done.returncode == 0, done.stdout + done.stderr


def _npm(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("npm") or "npm", *arguments]
    environment = os.environ | variables
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=900)
