"""`serve`: run the agent on this machine, with the real model or, `--offline`, with the local one."""

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from dotenv import load_dotenv
from starlette.applications import Starlette

from . import listening
from clients.web import add_page
from local_model import server as local_model

SOURCES = Path(__file__).parents[1] / "src"


def main() -> None:
    """Serve until Ctrl-C."""
    options = _options()
    load_dotenv()
    try:
        with _offline() if options.offline else nullcontext():
            _serve(options)
    except (ImportError, SyntaxError) as error:
        sys.exit(f"The agent in {SOURCES} cannot be imported.\n{''.join(traceback.format_exception_only(error))}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serve", description=__doc__)
    parser.add_argument("--offline", action="store_true", help="use the local model server: no account, no network")
    port = os.environ.get("PORT") or 8080
    parser.add_argument("--port", type=listening.port, default=port, help="default: PORT, or 8080")
    parser.add_argument("--reload", action="store_true", help="start again when a file in src/ changes")
    parser.add_argument("--traces", action="store_true", help="print what took how long: runs, model calls, tool calls")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine only")
    parser.add_argument("--allow-host", action="append", default=[], help="another name that requests may use")
    return parser.parse_args()


@contextmanager
def _offline() -> Iterator[None]:
    with local_model.running() as model:
        for name, value in model.environment().items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        os.environ["SERVE_OFFLINE"] = "1"
        print("OFFLINE: a script stands in for the model; its client, the stream and the tools are real.", flush=True)
        yield


def _serve(options: argparse.Namespace) -> None:
    from travel_desk import provider
    from travel_desk.settings import Settings

    if problem := provider.missing_credentials():
        sys.exit(f"{problem}\nTo run without a cloud account: uv run serve --offline")
    os.environ["SERVE_TRACES"] = "1" if options.traces else ""  # a reloading server starts other processes
    os.environ["SERVE_HOSTS"] = " ".join([options.host, *options.allow_host])
    listening.run(
        "dev.serve:create" if options.reload else create,
        "travel-desk",
        options.host,
        options.port,
        factory=True,
        reload=options.reload,
        reload_dirs=[str(SOURCES)] if options.reload else None,
        ws_max_size=Settings().max_frame_bytes,
        timeout_graceful_shutdown=2,
    )


def create() -> Starlette:
    """The agent with what a developer wants beside it. Made anew, in a new process, whenever it is reloaded."""
    from travel_desk.agent import answer
    from travel_desk.server.app import create_app
    from travel_desk.settings import Settings

    from .about import about
    from .inspector import add_inspector
    from .local_only import LocalOnly
    from .run_spans import traced as with_spans
    from .traces import TracedRequests, show_traces

    traced = bool(os.environ.get("SERVE_TRACES"))
    app = create_app(Settings(), with_spans(answer) if traced else answer)
    logging.getLogger("bedrock_agentcore.app").setLevel(logging.WARNING)
    app.add_route("/about", about)
    add_inspector(app)
    add_page(app)
    if traced:
        show_traces()
        app.add_middleware(TracedRequests)
    app.add_middleware(LocalOnly, hosts=os.environ.get("SERVE_HOSTS", "").split())
    return app


if __name__ == "__main__":
    main()
