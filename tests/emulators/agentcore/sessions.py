"""One process per session: started at its first request, reused while it lives, stopped with its process group."""

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from .errors import AwsError, not_found
from .state import Runtime, Version

CONTRACT_PORTS = {"HTTP": 8080, "AGUI": 8080, "MCP": 8000, "A2A": 9000}
INITIALIZATION = "Runtime initialization time exceeded. Please make sure that initialization completes in {0}."
LAUNCHER = Path(__file__).with_name("launcher.py")

Key = tuple[str, str, str]  # runtime id, endpoint, session id
Output = Callable[[asyncio.StreamReader, str, str], Coroutine[Any, Any, None]]


class Process(Protocol):
    """What runs a session."""

    pid: int

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...


@dataclass
class Copy:
    """A copy of a process, which is not our child."""

    pid: int

    @property
    def returncode(self) -> int | None:
        return None if Path(f"/proc/{self.pid}").exists() else 0

    async def wait(self) -> int:
        while self.returncode is None:  # noqa: ASYNC110  nobody tells when another's child ends
            await asyncio.sleep(0.02)
        return 0


@dataclass
class Session:
    process: Process
    port: int
    version: Version
    started: float
    used: float
    running: int = 0
    output: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    def idle(self, at: float) -> bool:
        return bool(at - self.used > self.version.lifecycle["idleRuntimeSessionTimeout"])

    def old(self, at: float) -> bool:
        return bool(at - self.started > self.version.lifecycle["maxLifetime"])


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
        self._originals: dict[tuple[str, str], asyncio.subprocess.Process] = {}
        self.storage: dict[tuple[str, ...], str] = {}
        self._locks: dict[tuple[str, ...], asyncio.Lock] = {}
        self._printed: list[asyncio.Task[None]] = []
        self._pipes: list[asyncio.ReadTransport] = []

    async def get(self, runtime: Runtime, endpoint: str, version: Version, session_id: str) -> Session:
        """The live session with this id, started if there is none."""
        key = (runtime.id, endpoint, session_id)
        async with self._lock(key):
            session = self.running.get(key)
            if session and (not session.alive or await self._expired(session)):
                await self._end(key)
                session = None
            if not session:
                session = self.running[key] = await self._start(key, version)
                await self._ready(key, session)
            session.used = self.clock()
            return session

    def _lock(self, key: tuple[str, ...]) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())

    async def watch(self) -> None:
        """End sessions whose time has come, whether or not they are in the middle of an answer."""
        while True:
            for key, session in list(self.running.items()):
                if await self._expired(session) and self.running.get(key) is session:
                    await self._end(key)
            await asyncio.sleep(0.1)

    async def _expired(self, session: Session) -> bool:
        """A session that is idle is asked: one that is busy lives on."""
        if not session.idle(self.clock()) or session.old(self.clock()):
            return session.old(self.clock())
        if await self._ping(session) == "HealthyBusy":
            session.used = self.clock()
            return False
        return True

    async def _ping(self, session: Session) -> str | None:
        """What the agent says of itself: `Healthy` unless it says more; None where it does not answer."""
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=5) as http:
                answer = await http.get(f"http://127.0.0.1:{session.port}/ping")
            if answer.is_success:
                with contextlib.suppress(ValueError, AttributeError):
                    return str(answer.json()["status"])
                return "Healthy"
        return None

    async def _start(self, key: Key, version: Version) -> Session:
        port, restored = _free_port(), version.config.get("platformVersion") == "V2"
        group = f"{key[0]}-{key[1]}"
        process: Process
        if restored:
            process, printed = await self._restore(key, version, port, group)
        else:
            mounts = self._mounts(key, version)
            process = own = await self._launch(version, str(port), asyncio.subprocess.STDOUT, *mounts)
            assert own.stdout
            printed = own.stdout
        session = Session(process, port, version, self.clock(), self.clock())
        session.output = asyncio.create_task(self.output(printed, group, key[2]))
        return session

    def _mounts(self, key: Key, version: Version) -> list[str]:
        """The session's own storage, which outlives its process; a new version begins with an empty one."""
        wanted = version.config.get("filesystemConfigurations", [])
        paths = [each["sessionStorage"]["mountPath"].rstrip("/") for each in wanted if "sessionStorage" in each]
        return [f"{path}={self._storage(key, version, path)}" for path in paths]

    def _storage(self, key: Key, version: Version, path: str) -> str:
        place = (*key, version.number, path)
        if place not in self.storage:
            self.storage[place] = tempfile.mkdtemp(prefix="session-storage-")
        return self.storage[place]

    async def _launch(self, version: Version, port: str, errors: int, *mounts: str) -> asyncio.subprocess.Process:
        contract_port = version.protocol.get("port", CONTRACT_PORTS[version.protocol["serverProtocol"]])
        entry = version.config["agentRuntimeArtifact"]["codeConfiguration"]["entryPoint"][-1]
        return await asyncio.create_subprocess_exec(
            *(self.python, "-S", "-u", str(LAUNCHER), str(version.root), entry, str(contract_port), port, *mounts),
            cwd=version.root,
            env=await self.environment(version),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )

    async def _restore(self, key: Key, version: Version, port: int, group: str) -> tuple[Process, asyncio.StreamReader]:
        """A copy of the process that was started for this version, as the service restores its snapshot."""
        async with self._lock((key[0], version.number)):
            original = await self._original(key, version, group)
            output = Path(tempfile.mkdtemp()) / "output"
            os.mkfifo(output)
            reader, pipe = await _reader(output)
            self._pipes.append(pipe)
            assert original.stdin and original.stdout
            original.stdin.write(f"{' '.join([str(port), str(output), *self._mounts(key, version)])}\n".encode())
            answer = b""
            with contextlib.suppress(TimeoutError):
                answer = await asyncio.wait_for(original.stdout.readline(), self.start_seconds)
        if not answer:  # it ended before it served
            self._originals.pop((key[0], version.number), None)
            raise AwsError("RuntimeClientError", INITIALIZATION.format(f"{self.start_seconds:.0f}s"))
        return Copy(int(answer)), reader

    async def _original(self, key: Key, version: Version, group: str) -> asyncio.subprocess.Process:
        found = self._originals.get((key[0], version.number))
        if found is None or found.returncode is not None:
            found = await self._launch(version, "restored", asyncio.subprocess.PIPE)
            self._originals[key[0], version.number] = found
            assert found.stderr
            self._printed.append(asyncio.create_task(self.output(found.stderr, group, key[2])))
        return found

    async def _ready(self, key: Key, session: Session) -> None:
        """Wait for `/ping`. A crash at start and a slow start are the same error to the caller, as on the service."""
        try:
            async with asyncio.timeout(self.start_seconds):
                while session.alive:
                    if await self._ping(session):
                        return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pass
        await self._end(key)
        raise AwsError("RuntimeClientError", INITIALIZATION.format(f"{self.start_seconds:.0f}s"))

    async def stop(self, key: Key) -> None:
        if key not in self.running:
            raise not_found(f"session {key[2]} is not running")
        await self._end(key)

    async def stop_all(self, runtime: str | None = None) -> None:
        for key in [key for key in self.running if runtime in (None, key[0])]:
            await self._end(key)
        for original in [each for each in self._originals if runtime in (None, each[0])]:
            process = self._originals.pop(original)
            if process.returncode is None:
                process.kill()
            await process.wait()
        if runtime is None:
            await asyncio.gather(*self._printed)
            for pipe in self._pipes:
                pipe.close()
            await asyncio.sleep(0)  # transports close in the loop's next round

    async def _end(self, key: Key) -> None:
        session = self.running.pop(key, None)
        if session is None:
            return
        _signal(session, signal.SIGTERM)
        try:
            await asyncio.wait_for(session.process.wait(), 5)
        except TimeoutError:
            _signal(session, signal.SIGKILL)
            await session.process.wait()
        if session.output:
            await session.output


async def _reader(fifo: Path) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """What is written to the pipe, and what to close."""
    reader = asyncio.StreamReader()
    file = os.fdopen(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb", 0)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
    return reader, transport


def _signal(session: Session, number: signal.Signals) -> None:
    if session.alive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(session.process.pid, number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
