"""Addresses of template repositories: as they are written, as they are recorded, and whether two are one."""

from __future__ import annotations

import os
import re
from pathlib import Path

from streamplate.errors import UsageProblem
from streamplate.redaction import holds_secret

_SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
"""As Copier has them."""

_COPIERS = ("git@", "git://", "git+", "https://github.com/", "https://gitlab.com/")
"""Beginnings of what Copier takes for an address of git."""


def split(text: str) -> tuple[str, str]:
    """Git URL and ref of `URL[@ref]`; a folder on this machine becomes absolute, for that is what a project records."""
    url, at, ref = text.rpartition("@")
    users = ":" in ref or re.fullmatch(r"[\w+:.-]+://[^/]*", url)  # the @ of git@host:path and ssh://git@host/path
    if not at or users or Path(text).exists():
        url, ref = text, ""
    url = in_full(url)
    refuse_secret(url)
    return url, ref


def refuse_secret(url: str) -> None:
    """Raise `UsageProblem` for an address that holds a password, or what serves as one."""
    if holds_secret(in_full(url)):
        hint = "The project would record it in a file that is committed; use git's credential helper instead"
        raise UsageProblem("That address holds a user name or password", hint)


def in_full(url: str) -> str:
    """`url` without shortcuts, or the absolute path of a folder on this machine."""
    url = url.removeprefix("git+")
    for short, long in _SHORTCUTS.items():
        if url.startswith(short):
            url = long + url.removeprefix(short)
    if re.match(r"https://git(hub|lab)\.com/", url):
        return f"{url.rstrip('/').removesuffix('.git')}.git"
    # Azure DevOps offers https://ORGANISATION@dev.azure.com/ORGANISATION/…: the name before the @ is no secret.
    url = re.sub(r"^https://([^/@:]+)@([^/]+)/\1/", r"https://\2/\1/", url)
    path = os.path.expanduser(url)
    return os.path.abspath(path) if Path(path).exists() else url


def for_copier(url: str) -> str:
    """`url` in a form that Copier takes for an address of git, whatever its scheme."""
    plain = url.endswith(".git") or url.startswith(_COPIERS) or Path(url, ".git").exists()
    return url if plain else f"git+{url}"


def same(one: str, other: str) -> bool:
    """Whether two addresses are of one repository, however they are written."""
    return plain(one) == plain(other)


def plain(url: str) -> str:
    """An address for comparing: in full, without what makes no difference at its end."""
    full = in_full(url)
    if full.startswith("file://"):
        full = full.removeprefix("file://")
    full = full.rstrip("/")
    return full if full.startswith("/") else full.removesuffix(".git")
