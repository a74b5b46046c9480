"""Tickets offline: "Ticket: my screen is dark" opens one."""

import re
from typing import Any

from ..offline_tool import OfflineTool

NEEDED = re.compile(r"\bticket: *(?P<text>\S.*)", re.IGNORECASE)


def arguments(question: str) -> list[dict[str, Any]]:
    """One call, with what stands after the colon."""
    return [{"text": match["text"]} for match in NEEDED.finditer(question)]


OFFLINE = OfflineTool(name="open_ticket", arguments=arguments, example="Ticket: my screen is dark")
