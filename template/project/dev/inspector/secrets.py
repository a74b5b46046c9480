"""Keeps secrets out of what the inspector shows."""

import json
import os
import re

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL|AUTHORIZATION|HEADERS", re.IGNORECASE)
SHORTEST = 8
"""A value shorter than this is no secret, and may stand anywhere by chance."""
HIDDEN = "[hidden]"
_FIELDS = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|(?:x-)?(?:goog-)?api[-_]?key|password|secret|"
    r"(?:client|aws)[-_]secret(?:[-_]\w+)?|(?:access|refresh|id|session|bearer)[-_]token"
)
# `\\*` since JSON may stand in JSON: the arguments of a call are a text.
FIELD = re.compile(rf'(\\*")({_FIELDS})\1(\s*:\s*)\1.*?(?<!\\)\1', re.IGNORECASE)
BEARER = re.compile(r"(bearer)\s+[\w.~+/=-]{8,}", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """JSON without the secrets of this process's environment, and without values of fields that hold secrets."""
    for name, value in os.environ.items():
        if len(value) >= SHORTEST and SECRET_NAME.search(name):
            text = text.replace(json.dumps(value)[1:-1], f"[{name}]")
    text = FIELD.sub(rf"\1\2\1\3\1{HIDDEN}\1", text)
    return BEARER.sub(rf"\1 {HIDDEN}", text)
