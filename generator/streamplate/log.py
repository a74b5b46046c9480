"""What `--verbose` shows: the commands of git and the renders of Copier, with their time, on standard error."""

from __future__ import annotations

import logging
import sys


def show(level: int = logging.DEBUG) -> None:
    """Print the package's log records from `level` on, in this process."""
    logging.basicConfig(format="%(message)s", stream=sys.stderr, force=True)
    logging.getLogger("streamplate").setLevel(level)


def level() -> int:
    """What is shown now; to be passed on to other processes."""
    return logging.getLogger("streamplate").getEffectiveLevel()


def unexpected(error: Exception) -> None:
    """Show where a fault of ours happened, to who asked for details."""
    logging.getLogger("streamplate").debug("An unexpected error", exc_info=error)
