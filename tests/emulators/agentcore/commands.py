"""InvokeAgentRuntimeCommand: a command in a shell of its own beside the session's process, its output as it comes.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-execute-command.html
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import asyncio
import json
import os
import signal
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from .models import Params

MEDIA_TYPE = "application/vnd.amazon.eventstream"
Chunks = asyncio.Queue[tuple[str, bytes]]


async def run(command: str, seconds: float, environment: dict[str, str], folder: Path) -> AsyncIterator[bytes]:
    """The frames that tell of a command, which is ended after so many seconds."""
    process = await asyncio.create_subprocess_exec(
        *("/bin/bash", "-c", command),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout and process.stderr
    chunks: Chunks = asyncio.Queue()
    pipes = {"stdout": process.stdout, "stderr": process.stderr}
    reading = [asyncio.create_task(_read(pipe, name, chunks)) for name, pipe in pipes.items()]
    yield frame({"contentStart": {}})
    end, status = asyncio.get_running_loop().time() + seconds, "COMPLETED"
    try:
        while pipes:
            name, data = await asyncio.wait_for(chunks.get(), end - asyncio.get_running_loop().time())
            if data:
                yield frame({"contentDelta": {name: data.decode(errors="replace")}})
            else:
                del pipes[name]
    except TimeoutError:
        status = "TIMED_OUT"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL if status == "TIMED_OUT" or pipes else 0)
        await asyncio.gather(*reading)
    code = await process.wait()
    yield frame({"contentStop": {"exitCode": -1 if status == "TIMED_OUT" else code % 256, "status": status}})


async def _read(pipe: asyncio.StreamReader, name: str, chunks: Chunks) -> None:
    while data := await pipe.read(4096):
        chunks.put_nowait((name, data))
    chunks.put_nowait((name, b""))


def frame(chunk: Params) -> bytes:
    """An event `chunk`; the type of a string is 7."""
    headers = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
    head = b"".join(
        struct.pack(f"!B{len(name)}sBH{len(value)}s", len(name), name.encode(), 7, len(value), value.encode())
        for name, value in headers.items()
    )
    body = json.dumps(chunk).encode()
    prelude = struct.pack("!II", 16 + len(head) + len(body), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + body
    return message + struct.pack("!I", crc32(message))
