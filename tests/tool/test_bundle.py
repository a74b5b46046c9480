"""The template in the wheel: as good as the repository it came from."""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hatch_build import write_bundle
from streamplate import __version__, template

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's template as the build hook packs it."""
    path = tmp_path_factory.mktemp("bundle") / "template.bundle"
    write_bundle(template.CHECKOUT, __version__, path)
    return path


def test_it_holds_this_version_and_is_small(bundle: Path) -> None:
    heads = subprocess.check_output(["git", "bundle", "list-heads", bundle], text=True)
    assert f"refs/tags/v{__version__}\n" in heads
    assert bundle.stat().st_size < 2_000_000


def test_it_is_reproducible(bundle: Path, tmp_path: Path) -> None:
    write_bundle(template.CHECKOUT, __version__, tmp_path / "again.bundle")
    assert (tmp_path / "again.bundle").read_bytes() == bundle.read_bytes()


def test_plain_copier_writes_the_same_project(bundle: Path, streamplate: Command, tmp_path: Path) -> None:
    """From the canonical address, which git is told to find in the bundle, with git at work and no help of ours."""
    streamplate("new", "ours", "--defaults", "--no-git", "-d", "project_name=same")
    copier(bundle, tmp_path, "copy", "--defaults", "-d", "project_name=same", template.SOURCE, "plain")
    assert_same(filecmp.dircmp("ours", "plain", ignore=[]))


NOTHING = ("project_name=same", "tools=[]", "clients=[]", "deployment=[]")


@pytest.mark.parametrize("release", ["v0.1.0", template.releases()[-2]])
def test_plain_copier_updates_a_project_of_an_earlier_release(
    release: str, bundle: Path, streamplate: Command, tmp_path: Path
) -> None:
    """It renders the earlier release with the patterns of the newest for what is left out."""
    answers = [part for answer in NOTHING for part in ("-d", answer)]
    streamplate("new", "ours", "--defaults", "--no-git", *answers)
    copier(bundle, tmp_path, "copy", "--defaults", *answers, "--vcs-ref", release, template.SOURCE, "plain")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "made"]):
        subprocess.run(["git", *command], cwd="plain", check=True)

    copier(bundle, tmp_path, "update", "--defaults", "plain")

    assert_same(filecmp.dircmp("ours", "plain", ignore=[".git", ".copier-answers.yml"]))


def copier(bundle: Path, folder: Path, *arguments: str) -> None:
    """Plain Copier, with git at work and no help of ours."""
    redirect = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{bundle}.insteadOf",
        "GIT_CONFIG_VALUE_0": template.SOURCE,
        "COPIER_CACHE_DIR": str(folder / "cache"),
    }
    command, *rest = arguments
    called = [sys.executable, "-m", "copier", command, "-q", *rest]
    subprocess.run(called, env={**os.environ, **redirect}, check=True, timeout=300)


def assert_same(differences: filecmp.dircmp[str]) -> None:
    assert differences.left_only == differences.right_only == []
    _, different, unreadable = filecmp.cmpfiles(
        differences.left, differences.right, differences.common_files, shallow=False
    )
    assert different == unreadable == []
    for folder in differences.subdirs.values():
        assert_same(folder)
