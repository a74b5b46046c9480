"""Servers on this machine that say where they listen, once they do."""

import argparse
import os
import socket
import sys
from typing import Any

import uvicorn
from uvicorn.supervisors import ChangeReload


def port(text: str) -> int:
    """What `--port` takes, for argparse."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("give 0 to 65535; 0 takes a free one")
    return int(text)


def run(app: Any, said: str, host: str, port: int, **options: Any) -> None:
    """Serve until Ctrl-C; `said` is printed with the address when requests are taken, after a reload too.

    Port 0 takes a free one. `options` are uvicorn's. Exits with 1 if the address can't be had, 3 if the app fails.
    """
    listener = _listener(host, port)
    config = uvicorn.Config(app, access_log=False, log_level="warning", **options)
    server = _Server(config, f"{said} on http://{host}:{listener.getsockname()[1]} (Ctrl-C stops it)")
    try:
        if config.should_reload:
            return ChangeReload(config, target=server.run, sockets=[listener]).run()
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(3)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, said: str) -> None:
        super().__init__(config)
        self._said = said

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        print(self._said, flush=True)


def _listener(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else error
        sys.exit(f"Cannot listen on {host}:{port} ({why}). Choose another with --port; 0 takes a free one.")
    listener.set_inheritable(True)
    return listener
