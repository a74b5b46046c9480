"""`uv run web --runtime ARN`: the chat page for a deployed agent, and the endpoint that signs its way there.

`POST /sign` with `{"session": "…"}` answers `{"url": "wss://…"}`: the WebSocket of the runtime, presigned (SigV4) with
the AWS credentials found here, for this session, to be opened within a minute. Who reaches the endpoint can talk to
the agent at your expense, so it listens on this machine only and answers no other name, unless it is told to.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bedrock_agentcore.runtime import AgentCoreRuntimeClient
from botocore.exceptions import BotoCoreError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from ..runtime import region_of
from . import HEADERS, add_page
from dev import listening

HERE = ("127.0.0.1", "localhost")
INDEX = Path(__file__).parent / "page" / "index.html"
SESSION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{32,99}")
SECONDS = 60  # in which the socket must be opened; AgentCore allows 300


def main() -> None:
    """Serve until Ctrl-C."""
    options = _options()
    try:
        app = create_app(options.runtime, options.endpoint, [*HERE, *options.name])
    except (ValueError, BotoCoreError) as error:
        sys.exit(f"web: {error}")
    listening.run(app, f"The chat page for {options.runtime}", options.host, options.port)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("web", description="The chat page for a deployed agent, with AWS credentials.")
    arn = os.environ.get("AGENT_ARN")
    parser.add_argument("--runtime", metavar="ARN", default=arn, required=not arn, help="default: AGENT_ARN")
    parser.add_argument("--endpoint", metavar="NAME", default="DEFAULT", help="default: %(default)s")
    parser.add_argument("--port", type=listening.port, default=8081, help="default: %(default)s")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--name", action="append", default=[], help="a host name that browsers know it by, beside it")
    return parser.parse_args()


def create_app(arn: str, endpoint: str, names: Sequence[str]) -> Starlette:
    """The page and its endpoint, under these host names. Raises `ValueError` for what is not an ARN."""
    client = AgentCoreRuntimeClient(region_of(arn))

    async def sign(request: Request) -> JSONResponse:
        session = await _session(request)
        if session is None:
            return _problem(400, "invalid_session", "Send a session: 33 to 100 letters, digits, dashes, underscores.")
        try:
            url = await run_in_threadpool(client.generate_presigned_url, arn, session, endpoint, expires=SECONDS)
        except (RuntimeError, BotoCoreError) as error:
            return _problem(503, "no_credentials", f"{error}.")
        return JSONResponse({"url": url}, headers={"cache-control": "no-store"})

    app = Starlette(
        routes=[Route("/", _index), Route("/sign", sign, methods=["POST"])],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=names)],  # or any page could have it sign for it
    )
    add_page(app)
    return app


async def _index(_: Request) -> HTMLResponse:
    """The page, told where addresses are signed."""
    html = INDEX.read_text(encoding="utf-8")
    return HTMLResponse(html.replace('name="signer" content=""', 'name="signer" content="sign"'), headers=HEADERS)


async def _session(request: Request) -> str | None:
    try:
        body = await request.json()
        return body["session"] if SESSION.fullmatch(body["session"]) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _problem(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": message}, status)


if __name__ == "__main__":
    main()
