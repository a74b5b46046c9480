"""Passwords and tokens in addresses: found, and hidden in all that is printed."""

from __future__ import annotations

import re

_WITH_COLON = r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)[^/\s@:]*:(?!\d+(?:[/\s]|$))[^\s@]*(?:@[^\s/@]*)*@"
_USER = r"(?P<web>\b(?:git\+)?(?:https?|ftps?)://)[^/\s]*@"
_VALUE = r"(?P<key>[?&][\w-]*(?:token|secret|password|key|signature)[\w-]*=)[^&\s'\"]+"
_SECRET = re.compile("|".join((_WITH_COLON, _USER, _VALUE)), re.IGNORECASE)


def holds_secret(address: str) -> bool:
    """Whether an address has a password, a token, or the user name that the web's addresses have in place of one."""
    return _SECRET.search(address) is not None


def hidden(text: str) -> str:
    """`text` with the secrets of every address in it replaced."""
    return _SECRET.sub(_without, text)


def _without(found: re.Match[str]) -> str:
    start = found["scheme"] or found["web"]
    return f"{start}***@" if start else f"{found['key']}***"
