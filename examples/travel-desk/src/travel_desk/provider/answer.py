"""Checks and repairs each model answer before the framework reads it, for every provider."""

import json
import re

from ..errors import Failure

SURROGATE = re.compile("[\ud800-\udfff]")
ID_CHARACTERS = "a-zA-Z0-9_.:-"


class Pieces:
    """The pieces of one text. Characters that came in halves are joined, and white space waits for what it precedes.

    So a text is never blank, unless it may be (`blank`), and always something that UTF-8 can hold.
    """

    def __init__(self, *, blank: bool = False) -> None:
        self._begun = blank
        self._held = ""
        self._told: list[str] = []

    @property
    def text(self) -> str:
        """What was passed on so far."""
        return "".join(self._told)

    def add(self, piece: str) -> str:
        """What of this piece, and of those before it, can be passed on."""
        if self._held:
            piece, self._held = self._held + piece, ""
        if not piece.isascii():
            piece = self._whole_characters(piece)
        if not self._begun:
            if not piece.strip():
                self._held = piece + self._held
                return ""
            self._begun = True
        self._told.append(piece)
        return piece

    def end(self) -> str:
        """What was still to come, now that nothing does."""
        rest, self._held = SURROGATE.sub("\ufffd", self._held), ""
        if not self._begun and not rest.strip():
            return ""
        self._told.append(rest)
        return rest

    def _whole_characters(self, piece: str) -> str:
        """The piece without the half of a character at its end, which is held; halves in it are joined, or marked."""
        if "\ud800" <= piece[-1] <= "\udbff":
            piece, self._held = piece[:-1], piece[-1]
        if SURROGATE.search(piece):
            return piece.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return piece


class CallIds:
    """Ids of tool calls as the provider takes them back: each once in a conversation, of the characters allowed.

    40 characters are the most that every provider takes. `taken` gets each id that is given out.
    """

    def __init__(self, taken: set[str], allowed: str = ID_CHARACTERS) -> None:
        self._taken = taken
        self._odd = re.compile(f"[^{allowed}]")

    def unique(self, call_id: str) -> str:
        """The id, unless it was used before or has other characters: then one made of it."""
        base = unique = self._odd.sub("_", call_id)[:40] or "call"
        number = 1
        while unique in self._taken:
            number += 1
            unique = f"{base[:32]}_{number}"
        self._taken.add(unique)
        return unique


def tool_name(name: str) -> str:
    """The name, unless no tool can be called so: then one that no tool has, so that the model is told of its error."""
    if re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        return name
    return "invalid_" + re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:56]


def check_arguments(text: str) -> None:
    """Nothing, if this is a JSON object that UTF-8 can hold; else a failure."""
    try:
        arguments = json.loads(text, parse_constant=_no_json)
        json.dumps(arguments, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Failure("malformed_answer") from error
    if not isinstance(arguments, dict):
        raise Failure("malformed_answer")


def _no_json(constant: str) -> None:
    raise ValueError(constant)
