"""A copy of our template in a repository of its owner's: theirs on one branch, ours on another to merge from."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from streamplate import template
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.git import attempt, git
from streamplate.repository import committer

BRANCH = "streamplate"
"""Holds our releases as they are, a commit each."""

PARTS = ("copier.yml", "template")


@dataclass(frozen=True)
class Copy:
    """A repository with a copy of our template."""

    folder: Path
    release: str
    is_new: bool
    """Whether the repository was made for it."""
    changed: bool
    """Whether the branch got a commit."""


def take(folder: Path, release: str = "") -> Copy:
    """Put a release of our template on branch `streamplate` of the repository in `folder`; a new one starts from it.

    Nothing else of an existing repository is touched: its owner merges the branch.
    """
    tag = template.tag(release)
    folder = folder.absolute()
    is_new = not folder.exists() or not any(folder.iterdir())
    if is_new:
        folder.mkdir(parents=True, exist_ok=True)
        git("init", "-q", "-b", "main", cwd=folder)
    elif not (folder / ".git").exists():
        hint = "Choose a new folder, or the repository with your template"
        raise UsageProblem(f"{folder} is no git repository", hint)
    with template.unpacked(tag) as source:
        commit = _committed(folder, source, tag)
    if is_new:
        git("reset", "-q", "--hard", BRANCH, cwd=folder)
    return Copy(folder, tag, is_new, commit)


def _committed(folder: Path, source: Path, tag: str) -> bool:
    """Commit the release on the branch, unless it is there already."""
    found = attempt("rev-parse", "-q", "--verify", f"refs/heads/{BRANCH}", cwd=folder)
    parent = found.stdout.strip()
    if not parent and attempt("rev-parse", "-q", "--verify", "HEAD", cwd=folder).returncode == 0:
        hint = f"Make one at the commit that is our release unchanged: git branch {BRANCH} COMMIT"
        raise StreamplateError(f"{folder} has no branch {BRANCH} to merge from", hint)
    if attempt("symbolic-ref", "--short", "HEAD", cwd=folder).stdout.strip() == BRANCH:
        raise StreamplateError(f"{folder} is on branch {BRANCH}", "Go to a branch of yours: git switch main")
    tree = _tree(folder, source)
    if parent and git("rev-parse", f"{parent}^{{tree}}", cwd=folder).strip() == tree:
        return False
    above = ("-p", parent) if parent else ()
    message = f"streamplate {tag}"
    made = git("commit-tree", tree, *above, "-m", message, cwd=folder, env=committer(folder)).strip()
    git("update-ref", f"refs/heads/{BRANCH}", made, cwd=folder)
    return True


def _tree(folder: Path, source: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="streamplate-") as place:
        index = {"GIT_INDEX_FILE": str(Path(place, "index"))}
        repository = (f"--git-dir={folder / '.git'}", f"--work-tree={source}")
        settings = ("-c", "core.autocrlf=false", "-c", "core.excludesFile=", "-c", "core.attributesFile=")
        git(*settings, *repository, "add", "--all", "--", *PARTS, cwd=source, env=index)
        return git(*repository, "write-tree", cwd=source, env=index).strip()
