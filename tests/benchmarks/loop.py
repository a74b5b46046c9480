"""The framework alone: read `stream_async` in a loop, with no server. Prints the CPU of a delta, in µs."""

import asyncio
import os
import sys
import time

from strands import Agent
from strands.models import BedrockModel

TURNS, DELTAS = int(sys.argv[1]), int(os.environ["DELTAS"])


async def turns() -> float:
    agent = Agent(model=BedrockModel(model_id=os.environ["MODEL_ID"]), callback_handler=None)
    async for _ in agent.stream_async("Go"):
        pass
    start = time.process_time()
    for _ in range(TURNS):
        async for _ in agent.stream_async("Go"):
            pass
    return (time.process_time() - start) * 1e6 / (TURNS * DELTAS)


print(asyncio.run(turns()))
