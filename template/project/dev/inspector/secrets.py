"""Keeps secrets out of what the inspector shows."""

import json
import os
import re
from typing import Any

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL|AUTHORIZATION|HEADERS", re.IGNORECASE)
"""Of a variable of the environment."""
SECRET_FIELD = re.compile(
    r"(proxy-)?authorization|(set-)?cookie|(x-)?(goog-)?api[-_]?key|apikey|password|secret|credentials?|"
    r"(client|aws)[-_]secret\w*|(access|refresh|id|session|security|bearer)[-_]?token|x-amz-security-token",
    re.IGNORECASE,
)
SHORTEST = 8
"""A value shorter than this is no secret, and may stand anywhere by chance."""
BEARER = re.compile(r"\b(bearer)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
HIDDEN = "[hidden]"


def without_secrets(value: Any) -> Any:
    """The JSON value without this process's secrets, and without what fields such as `authorization` hold."""
    secrets = {
        secret: f"[{name}]"
        for name, secret in os.environ.items()
        if len(secret) >= SHORTEST and SECRET_NAME.search(name)
    }
    longest_first = dict(sorted(secrets.items(), key=lambda each: -len(each[0])))  # one may begin with another
    return _hidden(value, longest_first)


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
    return BEARER.sub(rf"\1 {HIDDEN}", text)
