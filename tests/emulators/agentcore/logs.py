"""What sessions print, in CloudWatch Logs: an endpoint's group is `/aws/bedrock-agentcore/runtimes/ID-ENDPOINT`."""

import asyncio
import contextlib
import time
from typing import Any

from botocore.exceptions import ClientError

from .state import now


class LogShipper:
    def __init__(self, logs: Any) -> None:
        self._logs = logs

    async def make(self, group: str) -> None:
        """The group, unless somebody made it before."""
        with contextlib.suppress(ClientError):
            await asyncio.to_thread(self._logs.create_log_group, logGroupName=_name(group))

    async def __call__(self, output: asyncio.StreamReader, group: str, session_id: str) -> None:
        """Send every line of `output` until it ends."""
        names = {
            "logGroupName": _name(group),
            "logStreamName": f"{now():%Y/%m/%d}/[runtime-logs]{session_id}",
        }
        await self.make(group)
        with contextlib.suppress(ClientError):
            await asyncio.to_thread(self._logs.create_log_stream, **names)
        async for line in output:
            message = line.decode(errors="replace").rstrip() or " "
            await asyncio.to_thread(self._put, names, message)

    def _put(self, names: dict[str, str], message: str) -> None:
        with contextlib.suppress(ClientError):  # the group was deleted under a running session
            self._logs.put_log_events(**names, logEvents=[{"timestamp": int(time.time() * 1000), "message": message}])


def _name(group: str) -> str:
    return f"/aws/bedrock-agentcore/runtimes/{group}"
