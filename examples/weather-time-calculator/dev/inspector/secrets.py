"""Keeps secrets out of what the inspector shows."""

import json
import os
import re
from typing import Any

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL|AUTHORIZATION|HEADERS", re.IGNORECASE)
"""Of a variable of the environment."""
_FIELD = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|(?:x-)?(?:goog-)?api[-_]?key|apikey|password|secret|credentials?|"
    r"(?:client|aws)[-_]secret\w*|(?:access|refresh|id|session|security|bearer)[-_]?token|"
    r"x-amz-(?:security-token|signature|credential)"
)
SECRET_FIELD = re.compile(_FIELD, re.IGNORECASE)
SHORTEST = 8
"""A value shorter than this is no secret, and may stand anywhere by chance."""
HIDDEN = "[hidden]"
IN_TEXTS = [
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), shown)
    for pattern, shown in [
        (r"\b(bearer)\s+[\w.~+/=-]{8,}", rf"\1 {HIDDEN}"),
        (r"\b(authorization\W+basic)\s+[\w+/=-]+", rf"\1 {HIDDEN}"),
        (rf"(?<![\w-])({_FIELD})([\"']?\s*[:=]\s*)([\"'])(?:\\.|(?!\3).)*", rf"\1\2\3{HIDDEN}"),
        (rf"(?<![\w-])({_FIELD})=[^\s&\"',;#]+", rf"\1={HIDDEN}"),
        (r"(//[^\s/?#:@\"'<>]*):[^\s/?#\"'<>]+@", rf"\1:{HIDDEN}@"),
        (r"//[^\s/?#:@\"'<>]{8,}@", f"//{HIDDEN}@"),
    ]
]
"""Secrets that a text says to be one: after a scheme, as a field or parameter, as the user and password of a URL."""


def without_secrets(value: Any) -> Any:
    """The JSON value without this process's secrets, and without what fields such as `authorization` hold."""
    return _hidden(value, _secrets())


def without_secrets_in_pieces(pieces: list[str]) -> list[str]:
    """A text that came in pieces. The first piece of a secret says what was hidden, its others are empty."""
    secrets = _secrets()
    whole = "".join(pieces)
    shown = _text(whole, secrets)
    for secret, name in secrets.items():
        begun = next((n for n in range(len(secret) - 1, SHORTEST - 1, -1) if shown.endswith(secret[:n])), 0)
        shown = shown[: len(shown) - begun] + (name if begun else "")  # the rest of it may be on its way
    return pieces if shown == whole else _cut(shown, whole, [len(piece) for piece in pieces])


def _cut(shown: str, whole: str, lengths: list[int]) -> list[str]:
    """Cut what is shown as the whole was cut; what they do not have in common stays in one piece."""
    before = _alike(shown, whole)
    after = min(_alike(shown[::-1], whole[::-1]), len(shown) - before, len(whole) - before)
    changed = shown[before : len(shown) - after]
    cut, start = [], 0
    for length in lengths:
        end = start + length
        here = changed if start <= before < end else ""
        cut.append(whole[start : min(end, before)] + here + whole[max(start, len(whole) - after) : end])
        start = end
    return cut


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    different = (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(different, min(len(one), len(other)))


def _secrets() -> dict[str, str]:
    """What to hide, and what is shown in its place: the longest first, for one may begin with another."""
    secrets = {
        form: f"[{name}]"
        for name, secret in os.environ.items()
        if len(secret) >= SHORTEST and SECRET_NAME.search(name)
        for form in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    }
    return dict(sorted(secrets.items(), key=lambda each: -len(each[0])))


def _hidden(value: Any, secrets: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            name: HIDDEN if isinstance(inner, str | list) and SECRET_FIELD.fullmatch(name) else _hidden(inner, secrets)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_hidden(inner, secrets) for inner in value]
    return _text(value, secrets) if isinstance(value, str) else value


def _text(text: str, secrets: dict[str, str]) -> str:
    """A text, which may be JSON itself: the arguments of a call are."""
    if text.startswith(("{", "[")):
        try:
            inner = json.loads(text)
            hidden = _hidden(inner, secrets)
            return text if hidden == inner else json.dumps(hidden, ensure_ascii=False)
        except (ValueError, RecursionError):
            pass  # it is no JSON, or too deep: a text as any other
    for secret, name in secrets.items():
        text = text.replace(secret, name)
    for pattern, shown in IN_TEXTS:
        text = pattern.sub(shown, text)
    return text
