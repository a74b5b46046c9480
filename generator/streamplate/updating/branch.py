"""Put a merge on a branch of its own: the work tree and the index are not touched."""

from __future__ import annotations

import tempfile
from pathlib import Path

from streamplate.errors import StreamplateError
from streamplate.git import attempt, git, reason
from streamplate.project import Repository
from streamplate.repository import committer
from streamplate.updating.changes import Change, index_lines


def commit(repository: Repository, changes: list[Change], name: str, message: str) -> None:
    """Commit `changes` on a new branch `name`, conflict markers and all."""
    tree = _tree(repository, changes)
    command = ("commit-tree", tree, "-p", repository.head, "-m", message)
    made = git(*command, cwd=repository.top, env=committer(repository.top)).strip()
    done = attempt("branch", "--", name, made, cwd=repository.top)
    if done.returncode:
        raise StreamplateError(f"The branch could not be made: {reason(done.stderr)}", "Give --branch another name")


def _tree(repository: Repository, changes: list[Change]) -> str:
    with tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
        environment = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        git("read-tree", repository.head, cwd=repository.top, env=environment)
        lines = index_lines(changes)
        git("update-index", "-z", "--index-info", cwd=repository.top, env=environment, input=lines)
        return git("write-tree", cwd=repository.top, env=environment).strip()
