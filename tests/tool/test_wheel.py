"""The wheel, built from the sdist without git, in a fresh environment with the network cut."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from streamplate import __version__, template

pytestmark = pytest.mark.xdist_group("wheel")

CUT = ["unshare", "-rn"]
OFFLINE = CUT if shutil.which(CUT[0]) and not subprocess.run([*CUT, "true"]).returncode else []


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sdist, and the wheel built from it."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "-o", out, template.CHECKOUT]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return out


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command of the wheel, run with no way out to a network."""
    environment = tmp_path_factory.mktemp("venv")
    (wheel,) = dist.glob("*.whl")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--clear", environment], check=True)
    subprocess.run([*uv, "pip", "install", "-q", "--python", environment / "bin" / "python", wheel], check=True)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = [*OFFLINE, str(environment / "bin" / "streamplate"), *args]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    return run


def test_sdist_and_wheel_carry_the_same_bundle(dist: Path) -> None:
    (sdist,), (wheel,) = dist.glob("*.tar.gz"), dist.glob("*.whl")
    with tarfile.open(sdist) as archive, zipfile.ZipFile(wheel) as files:
        member = archive.extractfile(f"streamplate-{__version__}/generator/streamplate/template.bundle")
        assert member and member.read() == files.read("streamplate/template.bundle")
        assert "streamplate/py.typed" in files.namelist()
        assert not [name for name in files.namelist() if "template/" in name]


def test_it_makes_the_project_that_the_checkout_makes(
    installed: Callable[..., subprocess.CompletedProcess[str]], streamplate: Callable[..., object]
) -> None:
    made = installed("new", "theirs", "--defaults", "--json", "-d", "project_name=same")
    assert made.returncode == 0, made.stderr
    streamplate("new", "ours", "--defaults", "-d", "project_name=same")
    assert json.loads(made.stdout)["release"] == f"v{__version__}"
    assert subprocess.run(["diff", "-r", "-x", ".git", "ours", "theirs"]).returncode == 0


def test_it_knows_its_questions(installed: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert "weather" in installed("options").stdout


def test_nothing_is_left_in_the_temporary_folder(
    installed: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    assert installed("new", "x", "--defaults").returncode == 0
    assert os.listdir(tmp_path / "tmp") == []
