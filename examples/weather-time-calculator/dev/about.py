"""What the agent can do, for people and pages that talk to it during development."""

import os

from starlette.requests import Request
from starlette.responses import JSONResponse

from weather_time_calculator.model import READS
from weather_time_calculator.tools import TOOLS

from local_model.tools import OFFLINE_TOOLS

NAME = "weather-time-calculator"
DESCRIPTION = "An assistant that knows the weather, the time and arithmetic"
ROUTES = {
    "POST /invocations": "ask; the answer is a stream of events",
    "GET /ws": "the same, over a WebSocket",
    "GET /ping": "health",
    "GET /about": "this",
    "GET /inspector": "every run from the inside: model calls, tool calls, events",
}


def about(_: Request) -> JSONResponse:
    """Name, description, tools, questions that need them, routes, and whether a script stands in for the model."""
    tools = {tool.name: tool.description.partition("\n")[0] for tool in TOOLS}
    return JSONResponse(
        {
            "name": NAME,
            "description": DESCRIPTION,
            "tools": tools,
            "examples": [tool.example for tool in OFFLINE_TOOLS if tool.name in tools],
            "reads": sorted(READS),
            "routes": ROUTES,
            "offline": bool(os.environ.get("SERVE_OFFLINE")),
        },
        headers={"cache-control": "no-store"},
    )
