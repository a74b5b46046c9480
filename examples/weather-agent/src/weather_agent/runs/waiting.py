"""Work that something else can interrupt."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(work: Coroutine[Any, Any, None], *interruptions: Coroutine[Any, Any, object]) -> None:
    """Run `work`; once an interruption returns, cancel it. Returns when `work` has cleaned up.

    The cancellation is asyncio's, delivered once: an AnyIO scope would cancel every `await` of the clean-up again.
    """
    tasks = [asyncio.create_task(each) for each in (work, *interruptions)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(results[0], Exception):
        raise results[0]
