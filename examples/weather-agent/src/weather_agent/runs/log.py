"""The events of one run, numbered from 1. Any number of connections read them, each at its own pace."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from ..errors import Failure
from .events import Entry, text_content

JOIN_BEHIND = 100
"""A reader that is this many events behind gets the text in larger pieces."""


@dataclass
class RunLog:
    """A bounded log. Only the server's event loop uses it."""

    max_bytes: int
    _entries: list[Entry] = field(default_factory=list)
    _bytes: int = 0
    _closed: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Append an event. Raises `Failure` where the log would be over its limit; after `close` it changes nothing."""
        if self._closed:
            return
        self._bytes += len(entry) if isinstance(entry, str) else len(entry[1])
        if self._bytes > self.max_bytes:
            raise Failure("run_too_long")
        self._entries.append(entry)
        self._wake()

    def close(self, *last: str) -> None:
        """Append the run's last events, whatever their size; there are no more."""
        if not self._closed:
            self._entries += last
            self._closed = True
            self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, after: int = 0) -> AsyncGenerator[tuple[int, str]]:
        """Each event after number `after`, with its number, as it comes, until the run has ended."""
        while True:
            while after < len(self._entries):
                after, event = self._next(after)
                yield after, event
            if self._closed:
                return
            await self._news.wait()

    def _next(self, after: int) -> tuple[int, str]:
        """The event after that number; for a reader far behind, the text of several as one, numbered as the last."""
        entry = self._entries[after]
        if isinstance(entry, str):
            return after + 1, entry
        message_id, end = entry[0], after + 1
        if len(self._entries) - after > JOIN_BEHIND:
            while end < min(len(self._entries), after + 1000) and self._entries[end][0] == message_id:
                end += 1
        text = "".join(piece[1] for piece in self._entries[after:end])
        return end, text_content(message_id, text)
