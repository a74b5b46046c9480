"""A Bedrock that only streams: DELTAS deltas, PACE seconds apart, each the time (ns) at which it was sent.

`GET /` gives the most calls there were at once since the last time it was asked.
"""

import asyncio
import os
import time

import uvicorn
from local_model import wire
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

DELTAS, PACE = int(os.environ["DELTAS"]), float(os.environ["PACE"])
OPENING, CLOSING = (
    [wire.event("messageStart", {"role": "assistant"})],
    [
        wire.event("contentBlockStop", {"contentBlockIndex": 0}),
        wire.event("messageStop", {"stopReason": "end_turn"}),
        wire.event("metadata", {"usage": {"inputTokens": 1, "outputTokens": DELTAS, "totalTokens": 1 + DELTAS}}),
    ],
)
calls = {"running": 0, "most": 0}


async def frames():
    calls["running"] += 1
    calls["most"] = max(calls.values())
    try:
        for frame in OPENING:
            yield frame
        next_at = time.perf_counter()
        for _ in range(DELTAS):
            delta = {"contentBlockIndex": 0, "delta": {"text": f" {time.time_ns()}"}}
            yield wire.event("contentBlockDelta", delta)
            next_at += PACE
            await asyncio.sleep(max(0, next_at - time.perf_counter()))
        for frame in CLOSING:
            yield frame
    finally:
        calls["running"] -= 1


async def answer(request):
    await request.body()
    return StreamingResponse(frames(), media_type=wire.MEDIA_TYPE)


async def most_at_once(request):
    most, calls["most"] = calls["most"], 0
    return JSONResponse(most)


app = Starlette(routes=[Route(path, answer, methods=["POST"]) for path in wire.PATHS] + [Route("/", most_at_once)])

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="critical")
