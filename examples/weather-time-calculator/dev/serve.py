"""`serve`: run the agent on this machine, with the real model or, `--offline`, with the local one."""

import argparse
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from dotenv import load_dotenv

from weather_time_calculator import provider

from local_model import server as local_model


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
    from weather_time_calculator.server import create_app
    from weather_time_calculator.settings import Settings

    settings = Settings()
    app = create_app(settings)
    port = _free_port(options.host, options.port)
    logging.getLogger("bedrock_agentcore.app").setLevel(logging.WARNING)
    url = f"http://{options.host}:{port}"
    print(f"weather-time-calculator on {url} (Ctrl-C stops it)", flush=True)
    app.run(
        host=options.host,
        port=port,
        ws_max_size=settings.max_request_bytes,
        timeout_graceful_shutdown=2,
    )


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
