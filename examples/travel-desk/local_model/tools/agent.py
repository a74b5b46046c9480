"""Other agents offline: one of this server's own, asked over A2A; or those that AGENTS names, if it does."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from ..offline_tool import OfflineTool


def _first_name() -> str:
    """The first of AGENTS. Where that is not as it should be, the agent says so."""
    try:
        return str(next(iter(json.loads(os.environ.get("AGENTS") or "{}")), "guide"))
    except (ValueError, TypeError):
        return "guide"


NAME = _first_name()
QUESTION = re.compile(rf"\bask the {re.escape(NAME)}(?: agent)?[:,]? (?P<question>.+)", re.IGNORECASE | re.DOTALL)
PATH = "/agents/guide"
PACE = 0.02  # seconds between two words


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for what the agent is to be asked."""
    return [{"question": match["question"].strip()} for match in QUESTION.finditer(question)]


async def _describe(request: Request) -> JSONResponse:
    """The card of the agent."""
    url = str(request.base_url).rstrip("/") + PATH
    card = {
        "name": "guide",
        "description": "An agent that stands in for others.",
        "version": "1",
        "supportedInterfaces": [{"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
        "capabilities": {"streaming": True},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [],
    }
    return JSONResponse(card)


async def _answer(request: Request) -> StreamingResponse:
    """A task, which tells what it was asked."""
    call = await request.json()
    question = call["params"]["message"]["parts"][0]["text"]
    return StreamingResponse(_told(call["id"], f"A guide was asked: {question}"), media_type="text/event-stream")


async def _told(id: str, text: str) -> AsyncIterator[str]:
    task, context = str(uuid4()), str(uuid4())
    place = {"taskId": task, "contextId": context}
    yield _event(id, {"task": {"id": task, "contextId": context, "status": {"state": "TASK_STATE_WORKING"}}})
    for number, word in enumerate(re.findall(r"\S+\s*", text)):
        await asyncio.sleep(PACE)
        artifact = {"artifactId": "answer", "parts": [{"text": word}]}
        yield _event(id, {"artifactUpdate": {**place, "artifact": artifact, "append": number > 0}})
    yield _event(id, {"statusUpdate": {**place, "status": {"state": "TASK_STATE_COMPLETED"}}})


def _event(id: str, result: dict[str, Any]) -> str:
    return f"data: {json.dumps({'jsonrpc': '2.0', 'id': id, 'result': result})}\n\n"


def _environment(base_url: str) -> dict[str, str]:
    if os.environ.get("AGENTS"):
        return {}
    guide = {"address": f"{base_url}{PATH}", "description": "It stands in for other agents."}
    return {"AGENTS": json.dumps({"guide": guide})}


OFFLINE = OfflineTool(
    name=f"ask_{NAME}",
    arguments=arguments,
    example=f"Ask the {NAME} agent: what can you do?",
    routes=[
        Route(f"{PATH}/.well-known/agent-card.json", _describe, methods=["GET"]),
        Route(PATH, _answer, methods=["POST"]),
    ],
    environment=_environment,
)
