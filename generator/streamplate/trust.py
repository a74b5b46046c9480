"""The templates that the user trusts: their projects follow them, and they may run code of their own."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

from streamplate import addresses

VARIABLE = "STREAMPLATE_TRUST"
"""Addresses that are trusted besides those of the list, with blanks between them: for CI."""


def file() -> Path:
    """The user's list, an address a line."""
    from platformdirs import user_config_path

    return user_config_path("streamplate", appauthor=False) / "trusted.txt"


def listed() -> list[str]:
    """The addresses in the user's list, in the order in which they came."""
    path = file()
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def allows(address: str) -> bool:
    """Whether the list or the variable holds `address`, or a beginning of it that ends in a slash."""
    return any(_covers(entry, address) for entry in [*os.environ.get(VARIABLE, "").split(), *listed()])


def add(address: str) -> None:
    if address not in (known := listed()):
        _write([*known, address])


def remove(address: str) -> bool:
    """Take an address off the list; whether it was on it."""
    known = listed()
    kept = [each for each in known if each != address and not addresses.same(each, address)]
    if kept != known:
        _write(kept)
    return kept != known


def _covers(entry: str, address: str) -> bool:
    whole = addresses.plain(address)
    leads_out = ".." in unquote(whole).replace("\\", "/").split("/")
    inside = entry.endswith("/") and not leads_out and whole.startswith(_prefix(entry))
    return inside or addresses.plain(entry) == whole


def _prefix(entry: str) -> str:
    return f"{addresses.in_full(entry).removeprefix('file://').rstrip('/')}/"


def _write(lines: list[str]) -> None:
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    beside.replace(path)
