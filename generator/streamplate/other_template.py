"""Follow a template that is not ours: a fork, or any Copier template, in any repository that git clones."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

from streamplate import addresses, questions, trust
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.git import attempt, network, private
from streamplate.project import Project
from streamplate.render import Ask, Render, Rendered, copied

Say = Callable[[str], None]

_COMMIT = re.compile("[0-9a-f]{7,64}")
"""What git writes for the id of a commit, whole or shortened."""
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")


@contextmanager
def opened(text: str, *, trusted: bool, say: Say) -> Iterator[OtherTemplate]:
    """The template in the git repository `URL[@ref]`.

    `say` prints what is about to run. Tasks and Jinja extensions of the template run only if `trusted`, here or in
    the user's list.
    """
    url, ref = addresses.split(text)
    with ExitStack() as stack:
        yield OtherTemplate(url, ref, trusted or trust.allows(url), say, stack)


@dataclass
class OtherTemplate:
    """A template in a git repository, which is fetched once, when it is first needed."""

    address: str
    ref: str
    trusted: bool
    say: Say
    stack: ExitStack
    lock: RLock = field(default_factory=RLock)
    """Projects are looked at by several threads, and the template is asked for once."""

    @property
    def render(self) -> Render:
        return _Renderer(addresses.for_copier(self.address), self.address, self._mirror, self.trusted)

    def release(self, wanted: str) -> str:
        wanted = wanted or self.ref
        return self._named(wanted) if wanted else self._newest()

    def releases(self) -> list[str]:
        """Tags that are releases, as Copier orders them (PEP 440), oldest first."""
        known = {
            tag: version
            for tag in self._tags
            if (version := version_of(tag, is_tag=True)) and not version.is_prerelease
        }
        return sorted(known, key=lambda tag: known[tag])

    def target(self, found: Project, wanted: str, *, back: bool = False) -> str:
        if not addresses.same(found.source, self.address):
            raise UsageProblem(f"{found.root} was made from {found.source}, not from {self.address}")
        asked = wanted or self.ref
        if asked == found.release:
            return asked
        tag = self._named(asked) if asked else self._followed(found.release)
        if self._is_same(tag, found.release):
            return found.release
        if self._is_older(tag, found.release) and not back:
            if not asked:  # it was made from a branch, which no release has caught up with
                return found.release
            raise UsageProblem(f"{found.root} is at {found.release} already, and {tag} is older", "To go back: --back")
        return tag

    @contextmanager
    def unpacked(self, *tags: str) -> Iterator[dict[str, Path]]:
        with tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
            folders = {tag: _unpacked(self._mirror, tag, Path(folder, str(n))) for n, tag in enumerate(tags)}
            for tag in tags:
                _announce(self.address, tag, folders[tag], self.trusted, self.say)
            yield folders

    @cached_property
    def _mirror(self) -> Path:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="streamplate-")), "mirror")
        done = attempt("clone", "-q", "--mirror", "--template=", *_NO_HOOKS, "--", self.address, folder, env=network())
        if done.returncode:
            raise StreamplateError(f"{self.address} cannot be fetched", done.stderr.strip())
        return folder

    @property
    def _tags(self) -> dict[str, str]:
        """Commit of each tag, and of `HEAD`, as the server lists them: nothing else is fetched."""
        with self.lock:
            return self._listed

    @cached_property
    def _listed(self) -> dict[str, str]:
        command = ("ls-remote", "-q", "--", self.address, "HEAD", "refs/tags/*")
        done = attempt(*command, cwd=Path(tempfile.gettempdir()), env=network())
        if done.returncode:
            raise StreamplateError(f"{self.address} cannot be fetched", done.stderr.strip())
        pairs = (line.split("\t", 1) for line in done.stdout.split("\n") if line)
        # An annotated tag is followed by the commit that it names: `refs/tags/v1^{}`.
        return {name.removeprefix("refs/tags/").removesuffix("^{}"): commit for commit, name in pairs}

    def _newest(self) -> str:
        if released := self.releases():
            return released[-1]
        raise StreamplateError("That template has no release", "Name a tag, branch or commit: --template URL@REF")

    def _followed(self, release: str) -> str:
        """What a project goes on to: the newest release or, where there is none, the commit that the template is at."""
        if released := self.releases():
            return released[-1]
        if self._version(release) or "HEAD" not in self._tags:
            raise StreamplateError(f"{self.address} has no release", "Name a tag, branch or commit: --to REF")
        return self._tags["HEAD"][:12]

    def _named(self, ref: str) -> str:
        """The name that Copier records for `ref`: of a tag its own, else that of `git describe`."""
        if found := next((tag for tag in (ref, f"v{ref}") if tag in self._tags and tag != "HEAD"), ""):
            return found
        done = self._asked("describe", "--tags", "--always", "--end-of-options", f"{ref}^{{commit}}")
        if done is None:
            known = ", ".join(self.releases()) or "none"
            raise StreamplateError(f"That template has no {ref}", f"Its releases: {known}")
        return done

    def _is_same(self, tag: str, release: str) -> bool:
        """Whether two names are one commit."""
        known = self._tags
        if tag in known and release in known:
            return known[tag] == known[release]
        commit = known.get(tag, tag)
        short = _COMMIT.fullmatch(release.rpartition("-g")[2])
        return tag == release or bool(short and commit.startswith(short[0]))

    def _is_older(self, tag: str, release: str) -> bool:
        """By their versions or, where they have none, by the history of the template."""
        one, other = self._version(tag), self._version(release)
        if one and other:
            return bool(one < other)
        return self._asked("merge-base", "--is-ancestor", f"{tag}^{{commit}}", f"{release}^{{commit}}") is not None

    def _version(self, name: str) -> Any:
        """The version that a name says; a tag may look like the id of a commit."""
        return version_of(name, is_tag=name in self._tags)

    def _asked(self, *command: str) -> str | None:
        """Output of a git command in the mirror; None where it fails."""
        with self.lock:
            done = attempt(*command, env=private() | {"GIT_DIR": str(self._mirror)})
        return None if done.returncode else done.stdout.strip()


@dataclass(frozen=True)
class _Renderer:
    """`Render` for the template at `url`, found in its `mirror` on this machine, as plain Copier does it.

    `source` is the same address in a form that Copier takes for one of git, and that it records.
    """

    source: str
    url: str
    mirror: Path
    trusted: bool

    def __call__(self, template: Path, target: Path, answers: Mapping[str, Any], *, tag: str, ask: Ask) -> Rendered:
        # Copier asks git about the folder it renders into, where a template may have put a repository's settings.
        redirect = private({f"url.{self.mirror}.insteadOf": self.url})
        # Its cache is for addresses that are its own to fetch, and no two processes share it unharmed.
        cache = {"COPIER_CACHE_DIR": str(self.mirror.parent / f"copier-{os.getpid()}")}
        options = {"ask": ask, "vcs_ref": tag, "unsafe": self.trusted}
        with nullcontext() if ask else _output_as_errors():
            return copied(self.source, target, redirect | cache, data=dict(answers), **options)


@contextmanager
def _output_as_errors() -> Iterator[None]:
    """Have what tasks print go to stderr: our own output may be JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def version_of(name: str, *, is_tag: bool = False) -> Any:
    """The version of a tag, or of what `git describe` says of a commit after it; None where it has none.

    The id of a commit has none, though many read as one: 1234567, or 12a3456.
    """
    from packaging.version import InvalidVersion, Version

    if _COMMIT.fullmatch(name) and not is_tag:
        return None
    after = re.fullmatch(r"(.+)-(\d+)-g([0-9a-f]+)", name)
    try:
        return Version(f"{after[1]}.post{after[2]}" if after else name)
    except InvalidVersion:
        return None


def _unpacked(mirror: Path, ref: str, place: Path) -> Path:
    command = ("worktree", "add", "-q", "--detach", place, "--end-of-options", ref)
    done = attempt(*command, env=private() | {"GIT_DIR": str(mirror)})
    if done.returncode:
        raise StreamplateError(f"That template has no {ref}", done.stderr.strip())
    return place


def _announce(url: str, ref: str, template: Path, trusted: bool, say: Say) -> None:
    """Say what rendering this release runs; refuse what runs code unless it is trusted."""
    settings = questions.load(template)
    unsafe = [str(entry) for key in ("_tasks", "_jinja_extensions") for entry in settings.get(key, [])]
    if unsafe and not trusted:
        raise UsageProblem(f"{url} {ref} runs code of its own: {'; '.join(unsafe)}", "To let it: --trust")
    say(f"Rendering {url} {ref}" + (f", which runs: {'; '.join(unsafe)}" if unsafe else ""))
