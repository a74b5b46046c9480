"""Build hook: the wheel and the sdist carry `template.bundle`, a git bundle with one commit and one tag a release."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TEMPLATE = ("copier.yml", "template")

# Nothing of the machine, its user or the moment may reach the bundle: building twice gives the same bytes.
_FIXED = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "streamplate" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "releases@streamplate.invalid" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": "2000-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")},
}

# Git reads these two from the home folder even where it reads no configuration there.
_SETTINGS = [
    "-c",
    "core.autocrlf=false",
    "-c",
    f"core.excludesFile={os.devnull}",
    "-c",
    f"core.attributesFile={os.devnull}",
]


def write_bundle(root: Path, version: str, bundle: Path) -> None:
    """Write every released template of `root`, and its working tree as `version` if that is not released yet."""
    released = root / "generator" / "streamplate" / "releases.bundle"
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        _git(store, "init", "-q", "-b", "main")
        if released.exists():
            _git(store, "fetch", "-q", "--update-head-ok", str(released), "+refs/*:refs/*")
        if f"v{version}" not in _git(store, "tag").split():
            _commit(store, root, f"v{version}")
        _git(store, "-c", "pack.threads=1", "bundle", "create", "-q", "bundle", "HEAD", "--all")
        _put(store / "bundle", bundle)


def _put(made: Path, target: Path) -> None:
    """Move a file into place whole: another build may be reading the one that is there."""
    draft = Path(shutil.copy(made, target.with_name(f"{target.name}.{os.getpid()}")))
    draft.replace(target)


def _commit(store: Path, root: Path, tag: str) -> None:
    """Add one commit with the working tree's template, and nothing else, on top of the releases."""
    _git(store, "read-tree", "--empty")
    _git(store, f"--work-tree={root}", "add", "--all", "--", *TEMPLATE, cwd=root)
    tree = _git(store, "write-tree").strip()
    parent = _git(store, "for-each-ref", "--format=%(objectname)", "refs/heads/main").split()
    commit = _git(store, "commit-tree", tree, *(f"-p{p}" for p in parent), "-m", tag).strip()
    _git(store, "update-ref", "refs/heads/main", commit)
    _git(store, "tag", tag, commit)


def _git(store: Path, *args: str, cwd: Path | None = None) -> str:
    command = ["git", f"--git-dir={store / '.git'}", *_SETTINGS, *args]
    return subprocess.check_output(command, cwd=cwd or store, env=os.environ | _FIXED, text=True)


class TemplateBundle(BuildHookInterface[Any]):
    """Make the bundle for a wheel or sdist; an sdist's own is kept, and an editable install reads its checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        bundle = root / "generator" / "streamplate" / "template.bundle"
        if not (root / "PKG-INFO").exists():
            write_bundle(root, self.metadata.version, bundle)
        build_data["artifacts"].append(f"/{bundle.relative_to(root).as_posix()}")
