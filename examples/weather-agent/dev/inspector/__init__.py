"""The inspector, which `uv run serve` shows at `/inspector`: the details of every run, from whichever client.

In this process `Run.watchers` tells it of runs and their model calls, and OpenTelemetry of the spans that the project's
own code opens. It keeps the last runs in memory. Nothing of it is deployed.
"""

import asyncio
import itertools
import json
import mimetypes
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from weather_agent.runs.run import Run

from .runs import SeenRun
from .secrets import without_secrets
from .spans import collect_spans, spans_of_run

MAX_RUNS = 100
MAX_BYTES = 50_000_000
PAGE = Path(__file__).parent / "page"
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Inspector:
    """The last runs of this process: at most `MAX_RUNS`, and of `MAX_BYTES` together, the newest always."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._runs: dict[str, SeenRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def watch(self, run: Run) -> None:
        """Follow a run that begins."""
        for before in self._runs.values():
            if before.session == run.request.session_id and before.is_paused:
                before.answered()
        seen = SeenRun(run, next(self._numbers), self._forget_oldest)
        self._runs[str(seen.number)] = seen
        spans_of_run.set(seen.spans)  # the run's task begins next, and inherits it
        self._forget_oldest()
        task = asyncio.create_task(seen.follow())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _forget_oldest(self) -> None:
        while len(self._runs) > 1 and (
            len(self._runs) > MAX_RUNS or sum(run.size for run in self._runs.values()) > MAX_BYTES
        ):
            del self._runs[next(iter(self._runs))]

    async def list(self, _: Request) -> Response:
        """`GET /inspector/runs`: a line for each run, the newest first."""
        return _json([run.summary() for run in reversed(self._runs.values())])

    async def run(self, request: Request) -> Response:
        """`GET /inspector/runs/NUMBER`: all of one."""
        run = self._runs.get(request.path_params["number"])
        if run is None:
            return _json({"code": "no_such_run", "message": "The inspector does not have this run (any more)."}, 404)
        return _json(run.told())


class Page(StaticFiles):
    """The files of the page, which the browser asks for again when they have changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or its absence."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def add_inspector(app: Starlette) -> None:
    """Watch the runs of this process from now on, and show them at `/inspector`."""
    for suffix in (".js", ".mjs"):
        mimetypes.add_type("text/javascript", suffix)  # a registry of Windows may say otherwise
    inspector = Inspector()
    Run.watchers[:] = [inspector.watch]
    collect_spans()
    app.router.routes += [
        Route("/inspector", _to_page),
        Route("/inspector/runs", inspector.list),
        Route("/inspector/runs/{number}", inspector.run),
        Mount("/inspector", Page(directory=PAGE, html=True)),
    ]


async def _to_page(_: Request) -> Response:
    return RedirectResponse("/inspector/")


def _json(content: Any, status: int = 200) -> Response:
    text = json.dumps(without_secrets(content), ensure_ascii=False)
    return Response(text, status, headers={"cache-control": "no-store"}, media_type="application/json")
