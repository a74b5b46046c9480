"""What the agent can do, for whoever opens it in a browser during development."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from weather_time_calculator.tools import FUNCTIONS

NAME = "weather-time-calculator"
DESCRIPTION = "An assistant that knows the weather, the time and arithmetic"
ROUTES = {
    "POST /invocations": "ask; the answer is a stream of events",
    "GET /ws": "the same, over a WebSocket",
    "GET /ping": "health",
}


def about(_: Request) -> JSONResponse:
    """Name, description, tools and routes."""
    tools = {function.__name__: (function.__doc__ or "").partition("\n")[0] for function in FUNCTIONS}
    return JSONResponse({"name": NAME, "description": DESCRIPTION, "tools": tools, "routes": ROUTES})
