"""A model that only streams: DELTAS deltas, PACE seconds apart, each the time (ns) at which it was sent.

It speaks the wire of the project on PYTHONPATH. `GET /` gives the most calls that it had at once since the last time.
"""

import asyncio
import os
import time
from zlib import crc32

import uvicorn
from local_model import wire
from local_model.conversation import Reply, Text
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

DELTAS, PACE = int(os.environ["DELTAS"]), float(os.environ["PACE"])
PLACE = b"0" * 19
USAGE = {"input": 1, "output": DELTAS, "read": 0, "written": 0}
ANSWER = list(wire.frames(Reply((Text((f" {PLACE.decode()}",)),)), USAGE))
AT = next(at for at, frame in enumerate(ANSWER) if PLACE in frame)
OPENING, TEXT, CLOSING = ANSWER[:AT], ANSWER[AT], ANSWER[AT + 1 :]
calls = {"running": 0, "most": 0}


def delta():
    """The time as a piece of text; Bedrock's frames end in a checksum."""
    frame = TEXT.replace(PLACE, str(time.time_ns()).encode())
    return frame[:-4] + crc32(frame[:-4]).to_bytes(4, "big") if "eventstream" in wire.MEDIA_TYPE else frame


async def frames():
    calls["running"] += 1
    calls["most"] = max(calls.values())
    try:
        for frame in OPENING:
            yield frame
        next_at = time.perf_counter()
        for _ in range(DELTAS):
            yield delta()
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
