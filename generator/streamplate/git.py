"""Run git: in the user's repositories with their configuration, in our own throwaway ones without it.

Wherever it runs for us it starts no hook and no file system monitor, and no variable of the caller's sends it elsewhere
or changes what it prints.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from streamplate.errors import StreamplateError
from streamplate.redaction import hidden

_KEPT = re.compile(
    "GIT_((AUTHOR|COMMITTER|SSH|SSL|HTTP|CURL|PROXY|TRACE|TEST)_.*"
    "|SSH|PROXY|TRACE.*|ASKPASS|EXEC_PATH|CEILING_DIRECTORIES|DISCOVERY_.*|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM))"
)
"""Git's variables that say who and where the user is. The rest, such as those of `git rev-parse --local-env-vars` and
`GIT_EXTERNAL_DIFF`, belongs to whoever started us: a hook, an alias, a script."""

_FIXED = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",  # looking at a repository does not write to it
    "GIT_LITERAL_PATHSPECS": "1",
}

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "submodule.recurse": "false",
    "color.ui": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}

_log = logging.getLogger(__name__)


class GitFailed(StreamplateError):
    """A git command that should have worked did not."""

    def __init__(self, command: str, stderr: str) -> None:
        super().__init__(f"git {command} failed: {reason(stderr) or 'no reason given'}")


def reason(stderr: str) -> str:
    """What git says went wrong, without its prefix."""
    return stderr.strip().removeprefix("fatal: ").removeprefix("error: ")


def private(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables for a repository of our own: nothing of the user's or the machine's configuration reaches it.

    Git looks for ignored files and attributes in the home folder even where it reads no configuration there.
    """
    nothing = {"core.excludesFile": os.devnull, "core.attributesFile": os.devnull, "core.protectHFS": "true"}
    variables = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
    return variables | _configuration(nothing | dict(settings or {}))


def network() -> dict[str, str]:
    """Variables of the caller's that a command needs to reach a server as the user's own git would."""
    return {name: value for name, value in os.environ.items() if re.match("GIT_(CONFIG_|ALLOW_PROTOCOL$)", name)}


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
    command = ["git", *map(str, args)]
    given = None if input is None else input.encode("utf-8", "surrogateescape")
    started = time.monotonic()
    try:
        done = subprocess.run(command, cwd=cwd, env=_environment(env or {}), capture_output=True, input=given)
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise
        raise StreamplateError("git is not installed", "Install it from https://git-scm.com/downloads") from error
    spent = 1000 * (time.monotonic() - started)
    _log.debug("%s → %d, %.0f ms", hidden(subprocess.list2cmdline(command)), done.returncode, spent)
    # Paths and content as they are: bytes that are no UTF-8 survive, line ends are not translated.
    return subprocess.CompletedProcess(command, done.returncode, _text(done.stdout), _text(done.stderr))


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or _KEPT.fullmatch(k)}
    return {**inherited, **_FIXED, **_configuration({}), **given}


def _configuration(settings: Mapping[str, str]) -> dict[str, str]:
    """`settings`, and those of every call, in the variables of git-config(1)."""
    pairs = list((_SETTINGS | dict(settings)).items())
    variables = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")
