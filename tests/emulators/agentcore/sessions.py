"""One process per session: started at its first request, reused while it lives, stopped with its process group."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from .errors import AwsError, not_found
from .state import Runtime, Version

CONTRACT_PORTS = {"HTTP": 8080, "AGUI": 8080, "MCP": 8000, "A2A": 9000}
LAUNCHER = Path(__file__).with_name("launcher.py")

Key = tuple[str, str, str]  # runtime id, endpoint, session id
Output = Callable[[asyncio.StreamReader, str, str], Coroutine[Any, Any, None]]


@dataclass
class Session:
    process: asyncio.subprocess.Process
    port: int
    version: Version
    started: float
    used: float
    running: int = 0
    output: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    def expired(self, at: float) -> bool:
        limits = self.version.lifecycle
        idle = not self.running and at - self.used > limits["idleRuntimeSessionTimeout"]
        return bool(idle or at - self.started > limits["maxLifetime"])


class Sessions:
    """`environment` gives the variables of a version's process; `output` reads what it prints; `clock` is in s."""

    def __init__(
        self,
        python: str,
        start_seconds: float,
        clock: Callable[[], float],
        environment: Callable[[Version], Awaitable[dict[str, str]]],
        output: Output,
    ) -> None:
        self.python, self.start_seconds, self.clock = python, start_seconds, clock
        self.environment, self.output = environment, output
        self.running: dict[Key, Session] = {}
        self._starting: dict[Key, asyncio.Lock] = {}

    async def get(self, runtime: Runtime, endpoint: str, version: Version, session_id: str) -> Session:
        """The live session with this id, started if there is none."""
        key = (runtime.id, endpoint, session_id)
        async with self._starting.setdefault(key, asyncio.Lock()):
            session = self.running.get(key)
            if session and (not session.alive or session.expired(self.clock())):
                await self._end(key)
                session = None
            if not session:
                session = self.running[key] = await self._start(key, version)
                await self._ready(key, session)
            session.used = self.clock()
            return session

    async def _start(self, key: Key, version: Version) -> Session:
        port = _free_port()
        contract_port = version.protocol.get("port", CONTRACT_PORTS[version.protocol["serverProtocol"]])
        entry = version.config["agentRuntimeArtifact"]["codeConfiguration"]["entryPoint"][-1]
        process = await asyncio.create_subprocess_exec(
            *(self.python, "-S", "-u", str(LAUNCHER), str(version.root), entry, str(contract_port), str(port)),
            cwd=version.root,
            env=await self.environment(version),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout
        session = Session(process, port, version, self.clock(), self.clock())
        session.output = asyncio.create_task(self.output(process.stdout, f"{key[0]}-{key[1]}", key[2]))
        return session

    async def _ready(self, key: Key, session: Session) -> None:
        """Wait for `/ping`. A crash at start and a slow start are the same error to the caller, as on the service."""
        try:
            async with asyncio.timeout(self.start_seconds), httpx.AsyncClient() as http:
                while session.alive:
                    with contextlib.suppress(httpx.HTTPError):
                        if (await http.get(f"http://127.0.0.1:{session.port}/ping")).is_success:
                            return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pass
        await self._end(key)
        limit = f"{self.start_seconds:.0f}s"
        raise AwsError(
            "RuntimeClientError",
            f"Runtime initialization time exceeded. Please make sure that initialization completes in {limit}.",
        )

    async def stop(self, key: Key) -> None:
        if key not in self.running:
            raise not_found(f"session {key[2]} is not running")
        await self._end(key)

    async def stop_all(self, runtime: str | None = None) -> None:
        for key in [key for key in self.running if runtime in (None, key[0])]:
            await self._end(key)

    async def _end(self, key: Key) -> None:
        session = self.running.pop(key)
        _signal(session, signal.SIGTERM)
        try:
            await asyncio.wait_for(session.process.wait(), 5)
        except TimeoutError:
            _signal(session, signal.SIGKILL)
            await session.process.wait()
        if session.output:
            await session.output


def _signal(session: Session, number: signal.Signals) -> None:
    if session.alive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(session.process.pid, number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
