"""Say whether projects are up to date and whole, without rendering anything."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from streamplate import project, sources
from streamplate.errors import OtherTemplate, StreamplateError, from_system
from streamplate.sources import Choose
from streamplate.updating import journal


@dataclass(frozen=True)
class Health:
    """One project: `status` is `up to date`, `outdated`, `untrusted` or `broken`."""

    path: str
    status: str
    release: str = ""
    """What the project has."""
    newest: str = ""
    """What its template has."""
    problem: str = ""
    """What is wrong, unless it is up to date."""
    hint: str = ""
    """What to do about it."""

    @property
    def fine(self) -> bool:
        return self.status == "up to date"


@overload
def check(root: str | os.PathLike[str], /) -> Health: ...  # type: ignore[overload-overlap]


@overload
def check(roots: Iterable[str | os.PathLike[str]], /) -> list[Health]: ...


def check(roots: Any, /) -> Any:
    """The health of one project; of several, in their order.

    Of the network a template is asked that is not ours and that the user trusts: for its tags.
    """
    with sources.opened() as choose:
        if isinstance(roots, str | os.PathLike):
            return _check(Path(roots), choose)
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda root: _check(Path(root), choose), roots))


def _check(root: Path, choose: Choose) -> Health:
    path = os.path.abspath(root)
    try:
        journal.refuse_unfinished(root)
        found = project.load(root)
        newest = choose(found).target(found, "")
        project.refuse_markers(found.root)
    except OtherTemplate as other:
        return Health(path, "untrusted", problem=other.message, hint=other.hint)
    except StreamplateError as failure:
        return Health(path, "broken", problem=failure.message, hint=failure.hint)
    except OSError as error:
        return Health(path, "broken", problem=from_system(error).message, hint=from_system(error).hint)
    return Health(path, "up to date" if newest == found.release else "outdated", found.release, newest)
