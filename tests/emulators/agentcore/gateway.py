"""A gateway that lets AWS credentials in (`authorizerType` AWS_IAM): an MCP server behind strictly checked signatures.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-using-mcp.html. It keeps no MCP session. It has
one tool, whose answer streams where the arguments say so.
"""

import json
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from . import models, signature
from .errors import AwsError
from .models import Params
from .signature import Key

VERSION = "2025-06-18"
TOOL = {
    "name": "orders___find",  # target, three underscores, tool
    "description": "Find the orders of a customer.",
    "inputSchema": {
        "type": "object",
        "properties": {"customer": {"type": "string"}, "stream": {"type": "boolean"}},
        "required": ["customer"],
    },
}


class Gateway:
    """One gateway. `calls`: what it was asked; `keys`: whom it lets in; `moved`: where it sends everybody."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.keys = {"testing": Key("testing")}  # the account of `tests.emulators.aws`
        self.calls: list[Params] = []
        self.moved = ""

    async def answer(self, request: Request) -> Response:
        try:
            signature.check(request, await request.body(), self.region, self.keys)
        except AwsError as error:
            headers = {"x-amzn-ErrorType": error.code}
            return JSONResponse({"message": error.message}, models.status_of(error.code), headers)
        if self.moved:
            return Response(status_code=307, headers={"location": self.moved})
        if request.method != "POST":
            return Response(status_code=405)
        call = await request.json()
        self.calls.append(call)
        if "id" not in call:
            return Response(status_code=202)
        told = {"jsonrpc": "2.0", "id": call["id"], **self._result(call["method"], call.get("params", {}))}
        if call.get("params", {}).get("arguments", {}).get("stream"):
            return StreamingResponse(_stream(told), media_type="text/event-stream")
        return JSONResponse(told)

    def _result(self, method: str, params: Any) -> Params:
        match method:
            case "initialize":
                info = {"name": "gateway", "version": "1.0.0"}
                return {"result": {"protocolVersion": VERSION, "capabilities": {"tools": {}}, "serverInfo": info}}
            case "tools/list":
                return {"result": {"tools": [TOOL]}}
            case "tools/call" if params["name"] == TOOL["name"]:
                text = f"No orders of {params['arguments']['customer']}."
                return {"result": {"content": [{"type": "text", "text": text}], "isError": False}}
        return {"error": {"code": -32601, "message": f"Unknown tool or method: {params.get('name', method)}"}}


def _stream(told: Params) -> Iterator[str]:
    """A notification, then the answer."""
    note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "searching"}}
    for message in (note, told):
        yield f"event: message\ndata: {json.dumps(message)}\n\n"
