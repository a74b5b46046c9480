"""A project that a template made: where it is, what it was made from, and the git repository it lives in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamplate.errors import StreamplateError, UsageProblem
from streamplate.git import attempt, git, reason

ANSWERS_FILE = ".copier-answers.yml"
_MARKERS = ("^<<<<<<< ", "^=======$", "^>>>>>>> ")
NEVER_A_PROJECT = {".git", ".venv", "node_modules"}


@dataclass(frozen=True)
class Project:
    """What a project's answers file says."""

    root: Path
    source: str
    """Address of its template."""
    release: str
    """Tag of the template release it was made from, or last updated to."""
    answers: dict[str, Any]


@dataclass(frozen=True)
class Repository:
    """The git repository of a project, at its current commit."""

    top: Path
    prefix: str
    """Where the project is below `top`: empty, or ending in a slash."""
    git_dir: Path
    objects: Path
    object_format: str
    head: str
    tree: str
    """Object id of the project's own folder in that commit."""

    @property
    def root(self) -> Path:
        return self.top / self.prefix


def load(root: Path) -> Project:
    """The project that folder `root` is, or is in; `UsageProblem` where there is none."""
    import yaml

    root = _root(Path(os.path.abspath(root)))
    path = root / ANSWERS_FILE
    if not path.is_file():
        hint = f"Neither it nor a folder above it, in the same repository, has {ANSWERS_FILE}"
        raise UsageProblem(f"{root} is not a project of streamplate", hint)
    try:
        answers = yaml.safe_load(path.read_text("utf-8-sig"))
        source, release = _scalar(answers["_src_path"]), _scalar(answers["_commit"])
    except (yaml.YAMLError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StreamplateError(f"{path} cannot be read", "Restore it as it was last committed") from error
    return Project(root, source, release, {k: v for k, v in answers.items() if not str(k).startswith("_")})


def _scalar(value: Any) -> str:
    """A value as text; `ValueError` for none, an empty one, or more than one."""
    if not isinstance(value, str | int | float) or value == "":
        raise ValueError(value)
    return str(value)


def _root(folder: Path) -> Path:
    """`folder`, or the nearest above it in its repository that is a project."""
    for each in (folder, *folder.parents):
        if (each / ANSWERS_FILE).is_file():
            return each
        if (each / ".git").exists():
            break
    return folder


def find(folder: Path) -> Iterator[Path]:
    """Every project below `folder`, in order of their paths, then the folders that cannot be looked into."""
    unreadable: list[str] = []
    for place, children, files in os.walk(folder, onerror=lambda error: unreadable.append(error.filename)):
        children[:] = sorted(set(children) - NEVER_A_PROJECT)
        if ANSWERS_FILE in files:
            yield Path(place)
    yield from map(Path, unreadable)


def repository_of(root: Path) -> Repository:
    """The repository that holds the project in `root`; `StreamplateError` if none does."""
    asked = ("--show-toplevel", "--show-prefix", "--absolute-git-dir", "--git-path", "objects", "--show-object-format")
    done = attempt("rev-parse", *asked, "HEAD", "HEAD:./", cwd=root)
    if done.returncode:
        raise _without_history(root, done.stderr)
    told = done.stdout.removesuffix("\n").split("\n")
    if len(told) > 7:
        raise UsageProblem(f"{str(root)!r} is in a folder whose name holds a line break", "Give it another name")
    top, prefix, git_dir, objects, object_format, head, tree = told
    return Repository(Path(top), prefix, Path(git_dir), (root / objects).resolve(), object_format, head, tree)


def _without_history(root: Path, stderr: str) -> StreamplateError:
    if attempt("rev-parse", "--is-bare-repository", cwd=root).stdout.strip() == "true":
        return UsageProblem(f"{root} is a bare repository, without files", "Clone it, and name the clone")
    said, _, more = reason(stderr).partition("\n")
    by_pattern = {"GIT_LITERAL_PATHSPECS": "0"}  # else check-ignore refuses to run
    ignored = attempt("check-ignore", "-q", ".", cwd=root, env=by_pattern).returncode == 0
    if "not a git repository" in said or ignored:
        hint = "Your changes are found in its git history; commit it first: git init && git add -A && git commit"
        return StreamplateError(f"{root} is not committed to git", hint)
    if attempt("rev-parse", "--is-inside-work-tree", cwd=root).returncode == 0:
        hint = f"Your changes are found in its git history; commit it first: git add {root} && git commit"
        return StreamplateError(f"{root} is not committed to git", hint)
    return StreamplateError(f"git does not open the repository of {root}: {said}", " ".join(more.split()))


def refuse_dirty(repository: Repository, path: str) -> None:
    """Raise `StreamplateError` where tracked files at `path` have changes that no commit holds."""
    command = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--", path)
    changed = [line[3:] for line in git(*command, cwd=repository.root).split("\0") if line]
    if changed:
        names = ", ".join(changed[:5]) + (" …" if changed[5:] else "")
        raise StreamplateError(f"{repository.root} has uncommitted changes: {names}", "Commit or stash them first")


def with_markers(root: Path) -> list[str]:
    """Tracked files in which somebody committed conflict markers; none where there is no repository."""
    patterns = [part for marker in _MARKERS for part in ("-e", marker)]
    plainly = ("--no-color", "--basic-regexp", "--no-full-name")  # whatever the user's configuration says
    done = attempt("grep", "-l", "-z", "-I", *plainly, "--all-match", *patterns, "--", ".", cwd=root)
    if done.returncode > 1 and "not a git repository" not in done.stderr:
        raise _without_history(root, done.stderr)
    return [path for path in done.stdout.split("\0") if path]


def refuse_markers(root: Path) -> None:
    """Raise `StreamplateError` for the remains of an unfinished merge."""
    if files := with_markers(root):
        raise StreamplateError(f"Conflict markers are left in {', '.join(files)}", "Resolve them and commit first")


def is_release(tag: str) -> bool:
    """Whether `tag` names a release, as opposed to a commit in between."""
    return re.fullmatch(r"v\d+(\.\d+)*", tag) is not None
