"""The project's own git repository: whether it needs one, and its first commit."""

from __future__ import annotations

from pathlib import Path

from streamplate.git import GitFailed, attempt, git

NOBODY = ("-c", "user.name=streamplate", "-c", "user.email=streamplate@localhost")

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
    """Make `project` a repository with one commit of everything in it; return a note for its owner, or nothing."""
    named = attempt("config", "--get", "init.defaultBranch").returncode == 0
    git("init", "-q", *(() if named else ("-b", "main")), cwd=project)
    git("add", "--all", cwd=project)
    commit = ("commit", "-q", "--no-verify", "--no-gpg-sign", "-m", message)
    try:
        git(*commit, cwd=project)
        return ""
    except GitFailed:
        git(*NOBODY, *commit, cwd=project)
        return NO_IDENTITY
