"""Runs an agent's entry point in a session process: `launcher.py ROOT ENTRY CONTRACT_PORT PORT`.

On the service every session has a machine, and so port 8080, to itself. Here the port that the contract names is mapped
to a free one when the agent binds it; the agent's own code is unchanged. The interpreter has no site-packages.
"""

import runpy
import socket
import sys
from typing import Any

root, entry, contract_port, port = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
_bind = socket.socket.bind


def bind(self: socket.socket, address: Any) -> None:
    if isinstance(address, tuple) and address[1] == contract_port:
        address = ("127.0.0.1", port)
    _bind(self, address)


socket.socket.bind = bind  # type: ignore[method-assign]
sys.path[0] = root
sys.argv = [entry]
if __name__ == "__main__":
    runpy.run_path(f"{root}/{entry}", run_name="__main__")
