"""Follow a template that is not ours: a fork, or any Copier template, once its owner says so."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from streamplate import questions
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.git import attempt, git, network, private
from streamplate.project import Project
from streamplate.render import Render, copied

Say = Callable[[str], None]

_SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
"""As Copier has them."""

_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")


def address(text: str) -> tuple[str, str]:
    """Git URL and ref of `URL[@ref]`; a folder on this machine becomes absolute, for that is what a project records."""
    url, at, ref = text.rpartition("@")
    users = ":" in ref or re.fullmatch(r"[a-z+]+://[^/]*", url)  # the @ of git@host:path and ssh://git@host/path
    if not at or users or Path(text).exists():
        url, ref = text, ""
    if re.match(r"https?://[^/]*@", url):
        hint = "The project would record it for all to see; leave it to git's credential helper"
        raise UsageProblem("That address holds a user name or password", hint)
    return _in_full(url), ref


@contextmanager
def opened(text: str, *, trust: bool, say: Say) -> Iterator[OtherTemplate]:
    """The template in the git repository `URL[@ref]`.

    `say` is told what is about to run. Tasks and Jinja extensions of the template run only with `trust`.
    """
    url, ref = address(text)
    with ExitStack() as stack:
        yield OtherTemplate(url, ref, trust, say, stack)


@dataclass
class OtherTemplate:
    """A template in a git repository, which is fetched once, when it is first needed."""

    address: str
    ref: str
    trust: bool
    say: Say
    stack: ExitStack

    @property
    def render(self) -> Render:
        return _Renderer(self.address, self._mirror, self.trust)

    def release(self, wanted: str) -> str:
        return wanted or self.ref or _newest(self._mirror)

    def target(self, found: Project, wanted: str) -> str:
        if _in_full(found.source) != self.address:
            raise UsageProblem(f"{found.root} was made from {found.source}, not from {self.address}")
        return self.release(wanted)

    @contextmanager
    def unpacked(self, *tags: str) -> Iterator[dict[str, Path]]:
        with tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
            folders = {tag: _unpacked(self._mirror, tag, Path(folder, str(n))) for n, tag in enumerate(tags)}
            for tag in tags:
                _announce(self.address, tag, folders[tag], self.trust, self.say)
            yield folders

    @cached_property
    def _mirror(self) -> Path:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="streamplate-")))
        done = attempt("clone", "-q", "--mirror", "--template=", *_NO_HOOKS, "--", self.address, folder, env=network())
        if done.returncode:
            raise StreamplateError(f"{self.address} cannot be fetched", done.stderr.strip())
        return folder


@dataclass(frozen=True)
class _Renderer:
    """`Render` for the template at `url`, found in its `mirror` on this machine, as plain Copier does it."""

    url: str
    mirror: Path
    trust: bool

    def __call__(
        self, template: Path, target: Path, answers: Mapping[str, Any], *, tag: str, ask: bool
    ) -> dict[str, Any]:
        # Copier asks git about the folder it renders into, where a template may have put a repository's settings.
        redirect = private({f"url.{self.mirror}.insteadOf": self.url})
        options = {"defaults": not ask, "vcs_ref": tag, "unsafe": self.trust}
        return copied(self.url, target, redirect, data=dict(answers), **options)


def _in_full(url: str) -> str:
    """`url` without shortcuts, or the absolute path of a folder on this machine."""
    for short, long in _SHORTCUTS.items():
        if url.startswith(short):
            return f"{long}{url.removeprefix(short).removesuffix('.git')}.git"
    return os.path.abspath(url) if Path(url).exists() else url


def _newest(mirror: Path) -> str:
    """The newest release among the tags, as Copier orders them (PEP 440)."""
    from packaging.version import InvalidVersion, Version

    tags = {}
    for tag in git("tag", env=private() | {"GIT_DIR": str(mirror)}).split():
        try:
            tags[Version(tag)] = tag
        except InvalidVersion:
            continue
    released = [version for version in tags if not version.is_prerelease]
    if not released:
        raise StreamplateError("That template has no release", "Name a tag, branch or commit: --template URL@REF")
    return tags[max(released)]


def _unpacked(mirror: Path, ref: str, place: Path) -> Path:
    command = ("worktree", "add", "-q", "--detach", place, "--end-of-options", ref)
    done = attempt(*command, env=private() | {"GIT_DIR": str(mirror)})
    if done.returncode:
        raise StreamplateError(f"That template has no {ref}", done.stderr.strip())
    return place


def _announce(url: str, ref: str, template: Path, trust: bool, say: Say) -> None:
    """Say what rendering this release runs; refuse what runs code unless it is trusted."""
    settings = questions.load(template)
    unsafe = [str(entry) for key in ("_tasks", "_jinja_extensions") for entry in settings.get(key, [])]
    if unsafe and not trust:
        raise UsageProblem(f"{url} {ref} runs code of its own: {'; '.join(unsafe)}", "To let it: --trust")
    say(f"Rendering {url} {ref}" + (f", which runs: {'; '.join(unsafe)}" if unsafe else ""))
