"""Runs an agent's entry point in a process: `launcher.py ROOT ENTRY CONTRACT_PORT PORT [MOUNT…]`, or `… restored`.

On the service every session has a machine, and so port 8080, to itself. Here the port that the contract names is mapped
to a free one when the agent binds it; the agent's own code is unchanged. The interpreter has no site-packages.

With `restored` for the port, the process stops where it would begin to serve, and each line of its standard input,
`PORT OUTPUT [MOUNT…]`, makes a copy of it that goes on there. It answers with the copy's process id.
"""

import os
import runpy
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

root, entry, contract_port, port = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
_bind = socket.socket.bind


def bind(self: socket.socket, address: Any) -> None:
    if isinstance(address, tuple) and address[1] == contract_port:
        if port == "restored":
            copy_for_each_session()
            with socket.socket(self.family, self.type) as own:  # copies would share the one that was made before
                os.dup2(own.fileno(), self.fileno())
        address = ("127.0.0.1", int(port))
    _bind(self, address)


def copy_for_each_session() -> None:
    """Wait here for sessions; only their copies return."""
    global port
    if port != "restored":
        return
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the copies that have ended
    for line in sys.stdin:
        place, output, *mounts = line.split()
        state = sys.modules["random"].getstate() if "random" in sys.modules else None
        child = os.fork()
        if child == 0:
            port = place
            os.setsid()
            mount(mounts)
            if state:  # a fork seeds it anew; a snapshot that is restored does not
                sys.modules["random"].setstate(state)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            file = os.open(output, os.O_WRONLY)
            for descriptor in (1, 2):
                os.dup2(file, descriptor)
            return
        os.write(answers, f"{child}\n".encode())
    os._exit(0)


def mount(mounts: list[str]) -> None:
    """`/mnt/NAME=FOLDER`: nothing can be mounted here, so variables that name the path name the folder."""
    for path, _, folder in (each.partition("=") for each in mounts):
        for name, value in os.environ.items():
            if value == path or value.startswith(f"{path}/"):
                os.environ[name] = value.replace(path, folder, 1)


def stop_before(run: Callable[..., Any]) -> Callable[..., Any]:
    """An event loop can't be copied: the copies are made before it is there."""

    def copied(*arguments: Any, **options: Any) -> Any:
        copy_for_each_session()
        return run(*arguments, **options)

    return copied


socket.socket.bind = bind  # type: ignore[method-assign]
sys.path[0] = root
sys.argv = [entry]
answers = os.dup(1)  # the process's own standard output stays for its answers
os.dup2(2, 1)
mount(sys.argv[5:])
if port == "restored":
    with suppress(ImportError):
        import uvicorn

        uvicorn.Server.run = stop_before(uvicorn.Server.run)  # type: ignore[method-assign]
if __name__ == "__main__":
    runpy.run_path(f"{root}/{entry}", run_name="__main__")
