"""Follow a template that is not ours: a fork, or any Copier template, once its owner says so."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamplate import project, questions
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.git import attempt, git
from streamplate.render import Render, Source, foreign_render
from streamplate.updates import Job, Report, Wanted, merge_release, unchanged

Say = Callable[[str], None]

_SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
"""As Copier has them."""


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
def source(text: str, *, trust: bool, say: Say) -> Iterator[Source]:
    """The template at `URL[@ref]`, its newest release where no ref is named; `say` and `trust` as in `update`."""
    url, ref = address(text)
    with _mirror(url) as mirror, tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
        tag = ref or _newest(mirror)
        template = _unpacked(mirror, tag, Path(folder, "template"))
        _announce(url, tag, template, trust, say)
        yield Source(template, tag, _renderer(url, mirror, trust))


def update(root: Path, wanted: Wanted, text: str, *, trust: bool, say: Say) -> Report:
    """Update the project in `root` from the git repository `URL[@ref]`, which has to be the one it records.

    `say` is told what is about to run. Tasks and Jinja extensions of the template run only with `trust`.
    """
    url, ref = address(text)
    wanted = replace(wanted, to=wanted.to or ref)
    found = project.load(root)
    if _in_full(found.source) != url:
        raise UsageProblem(f"{found.root} was made from {found.source}, not from {url}")
    with _mirror(url) as mirror, tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
        tag = wanted.to or _newest(mirror)
        if report := unchanged(found, wanted, tag):
            return report
        templates = {
            ref: _unpacked(mirror, ref, Path(folder, str(n)))
            for n, ref in enumerate(dict.fromkeys((found.release, tag)))
        }
        for ref, template in templates.items():
            _announce(url, ref, template, trust, say)
        return merge_release(Job(found, wanted, tag, templates, _renderer(url, mirror, trust)))


def _in_full(url: str) -> str:
    """`url` without shortcuts, or the absolute path of a folder on this machine."""
    for short, long in _SHORTCUTS.items():
        if url.startswith(short):
            return f"{long}{url.removeprefix(short).removesuffix('.git')}.git"
    return os.path.abspath(url) if Path(url).exists() else url


def _renderer(url: str, mirror: Path, trust: bool) -> Render:
    def render(_: Path, target: Path, answers: Mapping[str, Any], *, tag: str, ask: bool) -> dict[str, Any]:
        return foreign_render(url, mirror, target, answers, tag=tag, ask=ask, trust=trust)

    return render


@contextmanager
def _mirror(url: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
        done = attempt("clone", "-q", "--mirror", "--", url, folder)
        if done.returncode:
            raise StreamplateError(f"{url} cannot be fetched", done.stderr.strip())
        yield Path(folder)


def _newest(mirror: Path) -> str:
    """The newest release among the tags, as Copier orders them (PEP 440)."""
    from packaging.version import InvalidVersion, Version

    tags = {}
    for tag in git("tag", cwd=mirror).split():
        try:
            tags[Version(tag)] = tag
        except InvalidVersion:
            continue
    released = [version for version in tags if not version.is_prerelease]
    if not released:
        raise StreamplateError("That template has no release", "Name a tag, branch or commit: --template URL@REF")
    return tags[max(released)]


def _unpacked(mirror: Path, ref: str, place: Path) -> Path:
    done = attempt("worktree", "add", "-q", "--detach", place, "--end-of-options", ref, cwd=mirror)
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
