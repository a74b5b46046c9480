"""Time offline: nothing stands in for the tool, which needs no network."""

import re
from typing import Any

from ..offline_tool import OfflineTool

# A list of places: each is up to four words, none of which begins another question.
STOP = r"(?:and|or|what|how|is|are|will|the|time|weather|today|tonight|tomorrow|now|right|currently|please)\b"
WORD = rf"(?!{STOP})[^\W\d_][\w'’/+-]*"  # noqa: RUF001
PLACE = rf"(?:St\. )?{WORD}" + rf"(?: {WORD})?" * 3
PLACE_LIST = rf"{PLACE}(?:(?:,|,? and|,? or| &) {PLACE})*"
QUESTION = re.compile(
    rf"\btime(?:\s+(?:is|it|right|now|currently)\b)*\s+(?:in|at|for)\s+(?P<places>{PLACE_LIST})",
    re.IGNORECASE,
)
SEPARATOR = re.compile(r",? (?:and|or|&) |, ", re.IGNORECASE)


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for every place whose time is asked."""
    places = [place for match in QUESTION.finditer(question) for place in SEPARATOR.split(match["places"])]
    return [{"place": place} for place in dict.fromkeys(places)]


OFFLINE = OfflineTool(name="get_time", arguments=arguments, example="What time is it in Tokyo?")
