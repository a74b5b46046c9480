"""What the tests of several tools share."""

import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

HEAD = b"HTTP/1.1 200 OK\r\nx-slow: "


class _Slow(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        position = 0
        try:
            while True:
                self.request.sendall(HEAD[position : position + 1] or b".")
                position += 1
                time.sleep(0.01)
        except OSError:  # the caller has given up
            pass


@pytest.fixture
def slow_url() -> Iterator[str]:
    """A server whose headers never end, and come a byte at a time."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Slow) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
