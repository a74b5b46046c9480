"""Two wheels, each built from its sdist without git, in fresh environments with the network cut."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hatch_build import write_bundle
from streamplate import __version__, template

CUT = ["unshare", "-rn"]
OFFLINE = CUT if shutil.which(CUT[0]) and not subprocess.run([*CUT, "true"]).returncode else []
SOURCES = [
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    ".gitignore",
    "copier.yml",
    "template",
    "generator",
]
NEXT = "99.0.0"

Installed = Callable[..., subprocess.CompletedProcess[str]]


def copied(target: Path) -> Path:
    """The sources of this checkout, without git or anything that was built."""
    for name in SOURCES:
        source = template.CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "template.bundle"))
        else:
            target.mkdir(exist_ok=True)
            shutil.copy(source, target)
    return target


def built(sources: Path) -> Path:
    """Folder with the sdist of `sources`, and the wheel built from that."""
    command = [sys.executable, "-m", "build", "--no-isolation", "-o", sources / "dist", sources]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return sources / "dist"


def installed(dist: Path, environment: Path) -> Installed:
    """The command of a wheel in an environment of its own, run with no way out to a network."""
    (wheel,) = dist.glob("*.whl")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--clear", environment], check=True)
    subprocess.run([*uv, "pip", "install", "-q", "--python", environment / "bin" / "python", wheel], check=True)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = [*OFFLINE, str(environment / "bin" / "streamplate"), *args]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(copied(tmp_path_factory.mktemp("now") / "sources"))


@pytest.fixture(scope="module")
def now(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """This version."""
    return installed(dist, tmp_path_factory.mktemp("now-environment"))


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The version after it, whose template has one more file."""
    sources = copied(tmp_path_factory.mktemp("later") / "sources")
    package = sources / "generator" / "streamplate"
    write_bundle(sources, __version__, package / "released")
    (package / "released").replace(package / "releases.bundle")
    (sources / "template" / "project" / "LATER.md").write_text("later\n")
    init = package / "__init__.py"
    init.write_text(re.sub('__version__ = ".*"', f'__version__ = "{NEXT}"', init.read_text()))
    return installed(built(sources), tmp_path_factory.mktemp("later-environment"))


def test_sdist_and_wheel_carry_the_same_bundle(dist: Path) -> None:
    (sdist,), (wheel,) = dist.glob("*.tar.gz"), dist.glob("*.whl")
    with tarfile.open(sdist) as archive, zipfile.ZipFile(wheel) as files:
        member = archive.extractfile(f"streamplate-{__version__}/generator/streamplate/template.bundle")
        assert member and member.read() == files.read("streamplate/template.bundle")
        assert "streamplate/py.typed" in files.namelist()
        assert not [name for name in files.namelist() if "template/" in name or "releases.bundle" in name]


def test_it_makes_the_project_that_the_checkout_makes(now: Installed, streamplate: Callable[..., object]) -> None:
    made = now("new", "theirs", "--defaults", "--json", "-d", "project_name=same")
    assert made.returncode == 0, made.stderr
    streamplate("new", "ours", "--defaults", "-d", "project_name=same")
    assert json.loads(made.stdout)["release"] == f"v{__version__}"
    assert subprocess.run(["diff", "-r", "-x", ".git", "ours", "theirs"]).returncode == 0


def test_it_knows_its_questions_and_releases(now: Installed) -> None:
    assert "weather" in now("options").stdout
    assert f"v{__version__}" in now("releases").stdout


def test_nothing_is_left_in_the_temporary_folder(
    now: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    assert now("new", "x", "--defaults").returncode == 0
    assert os.listdir(tmp_path / "tmp") == []


def test_a_project_of_this_wheel_is_updated_by_the_next(now: Installed, later: Installed) -> None:
    assert now("new", "my-agent", "--defaults").returncode == 0
    readme = Path("my-agent/README.md")
    readme.write_text(readme.read_text() + "mine\n")
    subprocess.run(["git", "commit", "-qam", "mine"], cwd="my-agent", check=True)
    assert now("check", "my-agent").returncode == 0
    assert later("check", "my-agent").returncode == 1
    updated = later("update", "my-agent")
    assert updated.returncode == 0, updated.stderr
    assert Path("my-agent/LATER.md").read_text() == "later\n"
    assert readme.read_text().endswith("mine\n")
    assert "Upgrade streamplate" in now("update", "my-agent").stderr
