"""How the agent is spoken to: AG-UI over HTTP."""

from typing import Any

from ..stream import Run, local
from ..stream import address as place
from .recall import Recalled, recall

__all__ = ["Recalled", "can_edit", "local", "place", "recall", "run"]


def can_edit(url: str) -> bool:
    """Whether an earlier question can be asked again, changed."""
    return True


def run(url: str, session: str, **what: Any) -> Run:
    """What is asked."""
    return Run(url, session, **what)
