"""What AgentCore Runtime starts: the agent, with the secrets that deploy.toml names.

On platform version 2 a session is a copy of one process that answered `/ping`, for as long as the version lives: with
the same keys in memory, and the same random numbers to come. So both are made when a session has its first request.
What every session needs alike is there before: imports, the model's client, and what a first run leaves behind.
"""

import asyncio
import gc
import os
import random
import ssl
from contextlib import AsyncExitStack
from typing import Any

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

SECRETS = {name: arn for name, arn in os.environ.items() if name.endswith("_ARN") and ":secretsmanager:" in arn}


def read_secrets() -> None:
    """Put the value of each secret, whose ARN is in NAME_ARN, into the variable NAME."""
    import boto3

    for name, arn in SECRETS.items():
        secrets = boto3.client("secretsmanager", region_name=arn.split(":")[3])
        os.environ[name.removesuffix("_ARN")] = secrets.get_secret_value(SecretId=arn)["SecretString"]


def make_app() -> Any:
    """The agent's application, with the clients that it calls its model with."""
    from .main import app

    return app


async def first_run(runtime: Any) -> None:
    """What a first run would import and make."""
    from .warm_up import warm_up

    await warm_up(runtime)


class Agent:
    """The application, woken by a session's first request. It is made before that, unless it needs keys."""

    def __init__(self) -> None:
        self._app = None if SECRETS else make_app()
        self._awake = False
        self._waking = asyncio.Lock()
        self._lifespan = AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; answer `/ping` as long as there is nobody to pass it on to."""
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        if scope["path"] != "/ping":
            await self._wake()
        app = self._app or JSONResponse({"status": "Healthy"})
        await app(scope, receive, send)

    async def _wake(self) -> None:
        async with self._waking:
            if self._awake:
                return
            random.seed()
            ssl.RAND_add(os.urandom(64), 64)
            if self._app is None:
                await asyncio.to_thread(read_secrets)
                await self._start(make_app())
            self._awake = True

    async def _start(self, app: Any) -> None:
        await self._lifespan.enter_async_context(app.router.lifespan_context(app))
        await first_run(app.state.runtime)
        gc.freeze()  # it all stays: no collection need look at it, nor load the pages of the copy that it is in
        gc.enable()
        self._app = app

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._app:
            await self._start(self._app)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._lifespan.aclose()
        await send({"type": "lifespan.shutdown.complete"})


def serve() -> None:
    """Serve it. Without keys nothing of it is imported yet: a module may read its key when it is."""
    gc.disable()  # until it is all there: what imports make stays, and to look it through takes a tenth of the start
    from .settings import Settings

    settings, host = Settings(), "0.0.0.0" if "DOCKER_CONTAINER" in os.environ else "127.0.0.1"
    options: Any = {"ws_max_size": settings.max_frame_bytes, "timeout_graceful_shutdown": 2, "access_log": False}
    uvicorn.run(Agent(), host=host, port=settings.port, log_level="warning", **options)


if __name__ == "__main__":
    serve()
