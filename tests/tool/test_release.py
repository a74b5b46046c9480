"""Releases: complete before they are made, and never changed afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import release
from hatch_build import write_bundle
from streamplate import __version__, template


def git(*args: str, cwd: Path) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


@pytest.fixture
def root(tmp_path: Path, small_template: dict[str, str]) -> Path:
    """Sources of this package around a small template, committed, at version 0.1.0 and complete."""
    root = tmp_path / "sources"
    ignore = shutil.ignore_patterns("__pycache__", "*.bundle")
    shutil.copytree(template.CHECKOUT / "generator", root / "generator", ignore=ignore)
    write(root, small_template)
    write(root, {"template/releases/v0.1.0.yml": "summary: First\n", "src/{{ package_name }}/agent.py": "1\n"})
    init = root / "generator" / "streamplate" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{__version__}"', '"0.1.0"'))
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0, unreleased\n\n* First.\n")
    (root / "tests" / "tool").mkdir(parents=True)
    (root / "tests" / "example.py").write_text("")
    git("init", "-q", cwd=root)
    commit(root)
    return root


def write(root: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        outside = path == "copier.yml" or path.startswith("template/")
        file = root / path if outside else root / "template" / "project" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


def commit(root: Path) -> None:
    git("add", "--all", cwd=root)
    git("commit", "-qm", "work", cwd=root)


def released(root: Path) -> None:
    """Release 0.1.0 and open 0.2.0."""
    release.freeze(root, "0.1.0")
    release.open_next(root, "0.1.0", "0.2.0")
    commit(root)


def test_one_command_makes_a_release_and_opens_the_next(root: Path) -> None:
    environment = {"PATH": str(Path(sys.executable).parent) + ":/usr/bin:/bin", "HOME": str(Path.home())}
    command = [sys.executable, "-B", "generator/release.py"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert git("log", "--format=%s", cwd=root).splitlines() == ["Open 0.2.0", "Release 0.1.0", "work"]
    assert git("status", "--porcelain", cwd=root) == ""
    assert git("describe", "HEAD~", "--tags", cwd=root).strip() == "v0.1.0"
    assert '__version__ = "0.2.0"' in (root / "generator" / "streamplate" / "__init__.py").read_text()
    assert template.bundled(root / "generator" / "streamplate" / "releases.bundle") == ["v0.1.0"]
    again = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert len((root / release.FROZEN).read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"new.txt": "x\n"}, "The working tree has uncommitted changes"),
        ({"template/releases/v0.2.0.yml": "summary: x\n"}, "The last notes in template/releases are not v0.1.0.yml"),
    ],
)
def test_what_is_missing_is_said(root: Path, spoil: dict[str, str], said: str) -> None:
    assert list(release.incomplete(root, "0.1.0")) == []
    write(root, spoil)
    assert said in list(release.incomplete(root, "0.1.0"))


def test_a_changelog_without_the_version(root: Path) -> None:
    (root / "CHANGELOG.md").write_text("# Changelog\n")
    assert "CHANGELOG.md has no section '## 0.1.0, unreleased'" in list(release.incomplete(root, "0.1.0"))


def test_a_version_is_released_once(root: Path) -> None:
    released(root)
    assert any("0.1.0 is released already" in said for said in release.incomplete(root, "0.1.0"))


def test_a_file_that_moved_needs_a_record(root: Path) -> None:
    released(root)
    package = root / "template" / "project" / "src" / "{{ package_name }}"
    (package / "agent.py").rename(package / "brain.py")
    assert release.unrecorded(root) == ["src/*/agent.py"]
    write(root, {"template/releases/v0.2.0.yml": "renames: {'src/*/agent.py': 'src/*/brain.py'}\n"})
    assert release.unrecorded(root) == []


def test_a_record_that_leads_nowhere_is_none(root: Path) -> None:
    released(root)
    (root / "template" / "project" / "src" / "{{ package_name }}" / "agent.py").unlink()
    write(root, {"template/releases/v0.2.0.yml": "renames: {'src/*/agent.py': 'src/*/nowhere.py'}\n"})
    assert release.unrecorded(root) == ["src/*/agent.py"]
    write(root, {"template/releases/v0.2.0.yml": "removed: ['src/*/agent.py']\n"})
    assert release.unrecorded(root) == []


def test_a_file_that_only_some_answers_render_counts(root: Path) -> None:
    write(root, {"{% if 'time' in tools %}time.py{% endif %}": "1\n"})
    released(root)
    (root / "template" / "project" / "{% if 'time' in tools %}time.py{% endif %}").unlink()
    assert release.unrecorded(root) == ["time.py"]


def test_every_release_on_board_is_what_was_released() -> None:
    if not template.BUNDLE.exists():
        pytest.skip("nothing is released yet")
    frozen = dict(line.split() for line in (template.CHECKOUT / release.FROZEN).read_text().splitlines())
    assert release.trees(template.BUNDLE) == frozen


def test_the_working_tree_is_not_taken_for_a_release() -> None:
    assert template.current() not in template.bundled(template.BUNDLE)


def test_no_file_of_this_template_moved_unrecorded() -> None:
    assert release.unrecorded(template.CHECKOUT) == []


def test_the_bundle_keeps_earlier_releases_as_they_are(root: Path, tmp_path: Path) -> None:
    bundle = root / "generator" / "streamplate" / "releases.bundle"
    write_bundle(root, "0.1.0", bundle)
    first = release.trees(bundle)
    write(root, {"more.txt": "x\n"})
    write_bundle(root, "0.2.0", tmp_path / "next.bundle")
    assert release.trees(tmp_path / "next.bundle") == first | {
        "v0.2.0": release.trees(tmp_path / "next.bundle")["v0.2.0"]
    }
