"""The chat page in `page/`, which `uv run serve` shows at `/`."""

import mimetypes
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

# What the page may load and do, index.html says itself (its `Content-Security-Policy`): it may be served elsewhere.
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Page(StaticFiles):
    """The files of the folder, which the browser asks for again when they have changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or its absence."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def add_page(app: Starlette) -> None:
    """Show the page at `/`, behind the routes that the app has already."""
    for suffix in (".js", ".mjs"):
        mimetypes.add_type("text/javascript", suffix)  # a registry of Windows may say otherwise
    app.mount("/", Page(directory=Path(__file__).parent / "page", html=True), name="page")
