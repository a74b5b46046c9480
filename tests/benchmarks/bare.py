"""The floor: an ASGI application that sends as many bytes, as often, with no agent and no model behind them."""

import asyncio
import os
import time

import uvicorn

DELTAS, PACE = int(os.environ["DELTAS"]), float(os.environ["PACE"])


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for _ in range(DELTAS):
        text = f'data: {{"type":"TEXT_MESSAGE_CONTENT","messageId":"{"m" * 36}","delta":" {time.time_ns()}"}}\n\n'
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await asyncio.sleep(PACE)
    await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="critical", lifespan="off")
