"""The project's own git repository: whether it needs one, and its first commit."""

from __future__ import annotations

import re
from pathlib import Path

from streamplate.git import attempt, git, private

_NOBODY = {f"GIT_{role}_NAME": "streamplate" for role in ("AUTHOR", "COMMITTER")} | {
    f"GIT_{role}_EMAIL": "streamplate@localhost" for role in ("AUTHOR", "COMMITTER")
}

NO_IDENTITY = (
    "git does not know your name yet, so the first commit was made as 'streamplate'. To make it yours:\n"
    '  git config --global user.name "Your Name"\n'
    "  git config --global user.email you@example.com\n"
    "  git commit --amend --reset-author --no-edit"
)


def inside_repository(folder: Path) -> bool:
    """Whether `folder`, or the nearest folder above it that exists, is in a git work tree."""
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    return attempt("rev-parse", "--is-inside-work-tree", cwd=existing).stdout.strip() == "true"


def first_commit(project: Path, message: str) -> str:
    """Make `project` a repository with one commit of everything in it; return a note for its owner, or nothing.

    Of the user's configuration only the name of the branch and their own name count: a rendered file is neither left
    out nor filtered because of it, and no program runs.
    """
    named = attempt("config", "--get", "init.defaultBranch").returncode == 0
    git("init", "-q", *(() if named else ("-b", "main")), cwd=project)
    known = identity(project)
    environment = private() | (known or _NOBODY)
    git("add", "--all", cwd=project, env=environment)
    git("commit", "-q", "--no-verify", "--no-gpg-sign", "-m", message, cwd=project, env=environment)
    return "" if known else NO_IDENTITY


def committer(folder: Path) -> dict[str, str]:
    """Variables that hold who commits in `folder`: its owner as git knows them, else the name of this program."""
    return identity(folder) or _NOBODY


def identity(folder: Path) -> dict[str, str]:
    """Variables that hold who commits in `folder`, as git knows it there; empty where it does not."""
    found: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        said = attempt("var", f"GIT_{role}_IDENT", cwd=folder).stdout  # Ada <ada@example.com> 1700000000 +0000
        if who := re.match("(.+) <(.*)> ", said):
            found |= {f"GIT_{role}_NAME": who[1], f"GIT_{role}_EMAIL": who[2]}
    return found if len(found) == 4 else {}
