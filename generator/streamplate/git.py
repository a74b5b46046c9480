"""Run git: in the user's repositories with their configuration, in our own throwaway ones without it."""

from __future__ import annotations

import logging
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from streamplate.errors import StreamplateError

# Set by git for the hooks it runs: they would send our commands to the caller's repository.
_LEAKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")

PRIVATE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
"""Environment of a repository of our own: no user setting, hook or template reaches it."""

_log = logging.getLogger(__name__)


class GitFailed(StreamplateError):
    """A git command that should have worked did not."""

    def __init__(self, command: str, stderr: str) -> None:
        super().__init__(f"git {command} failed: {stderr.strip() or 'no reason given'}")


def git(
    *args: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, input: str | None = None
) -> str:
    """Output of one git command, in `cwd`; `GitFailed` when it exits with an error."""
    done = attempt(*args, cwd=cwd, env=env, input=input)
    if done.returncode:
        raise GitFailed(next((str(a) for a in args if not str(a).startswith("-")), ""), done.stderr)
    return done.stdout


def attempt(
    *args: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, input: str | None = None
) -> subprocess.CompletedProcess[str]:
    """One git command whose exit code is an answer."""
    inherited = {k: v for k, v in os.environ.items() if k not in _LEAKS}
    environment = {**inherited, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(env or {})}
    command = ["git", *map(str, args)]
    given = None if input is None else input.encode("utf-8", "surrogateescape")
    started = time.monotonic()
    try:
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, input=given)
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise
        raise StreamplateError("git is not installed", "Install it from https://git-scm.com/downloads") from error
    spent = 1000 * (time.monotonic() - started)
    _log.debug("%s → %d, %.0f ms", subprocess.list2cmdline(command), done.returncode, spent)
    # Paths and content as they are: bytes that are no UTF-8 survive, line ends are not translated.
    return subprocess.CompletedProcess(command, done.returncode, _text(done.stdout), _text(done.stderr))


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")
