"""Messages offline: a webhook of the local server's, and the questions that need one."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..offline_tool import OfflineTool

MESSAGE = re.compile(r"\bsend (?:a )?message to (?P<recipient>[^:]{1,60}): *(?P<text>.+)", re.IGNORECASE | re.DOTALL)


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for a message to send."""
    return [{name: value.strip() for name, value in match.groupdict().items()} for match in MESSAGE.finditer(question)]


async def _take(request: Request) -> JSONResponse:
    """Take a message, which goes nowhere."""
    await request.json()
    return JSONResponse({"ok": True})


OFFLINE = OfflineTool(
    name="send_message",
    arguments=arguments,
    example="Send a message to Ada: the meeting moves to 3 pm",
    routes=[Route("/messages", _take, methods=["POST"])],
    environment=lambda base_url: {"MESSAGES_URL": f"{base_url}/messages"},
)
