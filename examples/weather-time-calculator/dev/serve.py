"""`serve`: run the agent on this machine, with the real model or, `--offline`, with the local one."""

import argparse
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import uvicorn
from dotenv import load_dotenv
from starlette.applications import Starlette

from weather_time_calculator import provider

from clients.web import add_page
from local_model import server as local_model

SOURCES = Path(__file__).parents[1] / "src"


def main() -> None:
    """Serve until Ctrl-C."""
    options = _options()
    load_dotenv()
    with _offline() if options.offline else nullcontext():
        if problem := provider.missing_credentials():
            sys.exit(f"{problem}\nTo run without a cloud account: uv run serve --offline")
        _serve(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serve", description=__doc__)
    parser.add_argument("--offline", action="store_true", help="use the local model server: no account, no network")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8080")), help="default: PORT, or 8080")
    parser.add_argument("--reload", action="store_true", help="start again when a file in src/ changes")
    parser.add_argument("--traces", action="store_true", help="print what took how long: runs, model calls, tool calls")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine only")
    return parser.parse_args()


@contextmanager
def _offline() -> Iterator[None]:
    with local_model.running() as model:
        for name, value in model.environment().items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        print("OFFLINE: a script stands in for the model; its client, the stream and the tools are real.", flush=True)
        yield


def _serve(options: argparse.Namespace) -> None:
    from weather_time_calculator.settings import Settings

    os.environ["SERVE_TRACES"] = "1" if options.traces else ""  # a reloading server starts other processes
    app = "dev.serve:create" if options.reload else create()
    port = _free_port(options.host, options.port)
    url = f"http://{options.host}:{port}"
    print(f"weather-time-calculator on {url} (Ctrl-C stops it)", flush=True)
    uvicorn.run(
        app,
        factory=options.reload,
        host=options.host,
        port=port,
        reload=options.reload,
        reload_dirs=[str(SOURCES)] if options.reload else None,
        access_log=False,
        log_level="warning",
        ws_max_size=Settings().max_request_bytes,
        timeout_graceful_shutdown=2,
    )


def create() -> Starlette:
    """The agent with what a developer wants beside it. Made anew, in a new process, whenever it is reloaded."""
    from weather_time_calculator.agent import Conversation
    from weather_time_calculator.server import create_app
    from weather_time_calculator.settings import Settings

    from .about import about
    from .run_spans import TracedConversation
    from .traces import TracedRequests, show_traces

    traced = bool(os.environ.get("SERVE_TRACES"))
    app = create_app(Settings(), TracedConversation if traced else Conversation)
    logging.getLogger("bedrock_agentcore.app").setLevel(logging.WARNING)
    add_page(app)
    app.add_route("/", about)
    if traced:
        show_traces()
        app.add_middleware(TracedRequests)
    return app


def _free_port(host: str, port: int) -> int:
    """The port, if nothing listens there; 0 takes a free one."""
    try:
        with socket.create_server((host, port)) as listener:
            number: int = listener.getsockname()[1]
            return number
    except OSError as error:
        sys.exit(f"Cannot listen on {host}:{port} ({error.strerror}). Choose another with --port; 0 takes a free one.")


if __name__ == "__main__":
    main()
