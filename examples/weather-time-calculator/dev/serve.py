"""`serve`: run the agent on this machine, with the real model or, `--offline`, with the local one."""

import argparse
import logging
import os
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
    logging.getLogger("bedrock_agentcore.app").setLevel(logging.WARNING)
    print(f"weather-time-calculator on http://{options.host}:{options.port} (Ctrl-C stops it)", flush=True)
    app.run(
        host=options.host,
        port=options.port,
        ws_max_size=settings.max_request_bytes,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
