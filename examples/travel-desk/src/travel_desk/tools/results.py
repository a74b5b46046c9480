"""Turns any return value of a tool into a text of limited size for the model."""

from collections.abc import Iterator
from typing import Any

from pydantic_core import to_json

MAX_RESULT_BYTES = 20_000
NOTHING = "(nothing)"


def readable(result: Any) -> str:
    """The result as text: JSON, unless it is text; U+FFFD for what UTF-8 cannot hold; never blank."""
    if isinstance(result, Iterator):
        result = list(result)
    if not isinstance(result, str | bytes):
        result = b"" if result is None else to_json(result, fallback=str, inf_nan_mode="strings", bytes_mode="base64")
    text = result if isinstance(result, str) else result.decode(errors="replace")
    return bounded(whole(text)) if text.strip() else NOTHING


def whole(text: str) -> str:
    """The text, with U+FFFD in place of halves of surrogate pairs, which UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def bounded(text: str) -> str:
    """The text, cut between two characters where it is over the limit."""
    data = text.encode()
    if len(data) <= MAX_RESULT_BYTES:
        return text
    return f"{data[:MAX_RESULT_BYTES].decode(errors='ignore')} … (cut)"
