"""What the commands need of a template, and where ours is: in this checkout, or in the package's bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from streamplate.errors import UsageProblem
from streamplate.git import git, private
from streamplate.project import Project
from streamplate.render import Render

SOURCE = "https://streamplate.invalid/streamplate.git"
"""What a project records as its template's address. Under `.invalid` nobody can claim it before it is published."""

_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE.parents[1]
CHECKOUT = _ROOT if _PACKAGE.parent.name == "generator" and (_ROOT / "copier.yml").is_file() else None
"""Root of the source checkout that this package is imported from, if it is."""

BUNDLE = _PACKAGE / ("releases.bundle" if CHECKOUT else "template.bundle")


class Template(Protocol):
    """A template with releases, ours or another."""

    @property
    def address(self) -> str:
        """What its projects record."""
        ...

    @property
    def render(self) -> Render: ...

    def release(self, wanted: str) -> str:
        """Tag of the release that a new project is made of: the newest where none is `wanted`."""
        ...

    def releases(self) -> list[str]:
        """Tags of its releases, oldest first."""
        ...

    def target(self, found: Project, wanted: str, *, back: bool = False) -> str:
        """Tag of the release that a project is brought to; raises where the project is not of this template.

        An older one only where `back` is said.
        """
        ...

    def unpacked(self, *tags: str) -> AbstractContextManager[dict[str, Path]]:
        """Folders that hold those releases, for as long as the context lasts."""
        ...


def current() -> str:
    """Tag of the newest template in this package, which is the package's version."""
    from streamplate import __version__

    return f"v{__version__}"


def tag(version: str) -> str:
    """Tag of a version as people write it, with or without its `v`; the current one of an empty version."""
    return f"v{version.removeprefix('v')}" if version else current()


def order(tag: str) -> tuple[int, ...]:
    """Sort key of a release tag `vX.Y.Z`."""
    return tuple(int(part) for part in tag.removeprefix("v").split("."))


def releases() -> list[str]:
    """Tags of all templates in this package, oldest first."""
    return sorted({*bundled(BUNDLE), current()}, key=order)


def bundled(bundle: Path) -> list[str]:
    """Tags in a bundle, from its header of `<object id> <ref>` lines (gitformat-bundle(5)): no git process needed."""
    if not bundle.is_file():
        return []
    header = bundle.read_bytes().split(b"\n\n", 1)[0].decode()
    refs = [line.split(" ", 1)[1] for line in header.splitlines()[1:] if not line.startswith(("@", "-"))]
    return [ref.removeprefix("refs/tags/") for ref in refs if ref.startswith("refs/tags/")]


@contextmanager
def unpacked(version: str = "") -> Iterator[Path]:
    """Folder that holds `copier.yml` and `template/` of a release, the current one when none is named."""
    wanted = tag(version)
    if CHECKOUT and wanted == current():
        yield CHECKOUT
        return
    if wanted not in releases():
        raise UsageProblem(f"There is no release {wanted}", f"Releases in this streamplate: {', '.join(releases())}")
    with tempfile.TemporaryDirectory(prefix="streamplate-") as folder:
        quiet = private({"advice.detachedHead": "false"})
        git("clone", "-q", "--template=", "--branch", wanted, BUNDLE, folder, env=quiet)
        yield Path(folder)
