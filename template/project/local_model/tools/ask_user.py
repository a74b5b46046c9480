"""Questions to the user, offline."""

import re
from typing import Any

from ..offline_tool import OfflineTool

ASK = re.compile(r"\bask me (?P<question>[^?]{3,200}\?)", re.IGNORECASE)
CHOICES = re.compile(r"\b(\w+)(?:, (\w+))* or (\w+)\?")


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for a question that the user wants to be asked."""
    return [_call(match["question"].strip()) for match in ASK.finditer(question)]


def _call(question: str) -> dict[str, Any]:
    asked = question[:1].upper() + question[1:]
    found = CHOICES.search(question)
    return {"question": asked} | ({"choices": re.findall(r"\w+", found[0].replace(" or ", ", "))} if found else {})


OFFLINE = OfflineTool(
    name="ask_user",
    arguments=arguments,
    example="Ask me which colour I like: red, green or blue?",
)
