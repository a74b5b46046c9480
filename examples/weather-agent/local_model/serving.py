"""An ASGI application on a real socket, for as long as it is needed."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


@contextmanager
def served(app: Any, port: int = 0) -> Iterator[str]:
    """Serve `app` on loopback, in a thread of its own; port 0 takes a free one. Gives the base URL."""
    with socket.create_server(("127.0.0.1", port), backlog=256) as listener:
        config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
        config.load()  # imports: two threads that make the same ones at once can deadlock
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
