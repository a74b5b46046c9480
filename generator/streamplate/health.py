"""Say whether projects are up to date and whole, without rendering anything."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from streamplate import project
from streamplate.errors import OtherTemplate, StreamplateError, from_system
from streamplate.our_template import OURS
from streamplate.updating import journal


@dataclass(frozen=True)
class Health:
    """One project: `status` is `up to date`, `outdated`, `skipped` or `broken`."""

    path: str
    status: str
    release: str = ""
    newest: str = ""
    problem: str = ""
    hint: str = ""

    @property
    def fine(self) -> bool:
        return self.status in ("up to date", "skipped")


@overload
def check(root: str | os.PathLike[str], /) -> Health: ...  # type: ignore[overload-overlap]


@overload
def check(roots: Iterable[str | os.PathLike[str]], /) -> list[Health]: ...


def check(roots: Any, /) -> Any:
    """The health of one project; of several, in their order. Asks nothing of the network."""
    if isinstance(roots, str | os.PathLike):
        return _check(Path(roots))
    with ThreadPoolExecutor() as pool:
        return list(pool.map(_check, map(Path, roots)))


def _check(root: Path) -> Health:
    path = os.path.abspath(root)
    try:
        journal.refuse_unfinished(root)
        found = project.load(root)
        newest = OURS.target(found, "")
        project.refuse_markers(found.root)
    except OtherTemplate as other:
        return Health(path, "skipped", problem=other.message)
    except StreamplateError as failure:
        return Health(path, "broken", problem=failure.message, hint=failure.hint)
    except OSError as error:
        return Health(path, "broken", problem=from_system(error).message, hint=from_system(error).hint)
    return Health(path, "up to date" if newest == found.release else "outdated", found.release, newest)
