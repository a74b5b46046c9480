"""The knowledge base offline: Bedrock's Retrieve, in its form, over a made-up handbook of three passages."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..offline_tool import OfflineTool

ID = "OFFLINE001"
QUESTION = re.compile(r"\b(?:handbook|knowledge base)\b[^?.!]*?\b(?:about|for|on) (?P<query>[^?.!]+)", re.IGNORECASE)
HANDBOOK = {
    "holidays.md": "Everyone has 25 days of holiday a year. Ask for them two weeks before.",
    "travel.md": "Travel by train is paid for in full. Keep the receipts.",
    "laptops.md": "A laptop is replaced after four years.",
}


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for what the handbook is asked about."""
    return [{"query": match["query"].strip()} for match in QUESTION.finditer(question)]


async def _retrieve(request: Request) -> JSONResponse:
    if request.path_params["id"] != ID:
        headers = {"x-amzn-errortype": "ResourceNotFoundException"}
        return JSONResponse({"message": "Knowledge Base does not exist"}, 404, headers)
    body = await request.json()
    words = set(re.findall(r"\w{4,}", body["retrievalQuery"]["text"].lower()))
    count = body["retrievalConfiguration"]["vectorSearchConfiguration"]["numberOfResults"]
    results = [_result(name, text, words) for name, text in HANDBOOK.items()]
    found = sorted((result for result in results if result["score"]), key=lambda result: -result["score"])
    return JSONResponse({"retrievalResults": found[:count]})


def _result(name: str, text: str, words: set[str]) -> dict[str, Any]:
    found = sum(word.rstrip("s") in f"{name} {text}".lower() for word in words)
    return {
        "content": {"type": "TEXT", "text": text},
        "location": {"type": "S3", "s3Location": {"uri": f"s3://offline-handbook/{name}"}},
        "score": found / max(len(words), 1),
        "metadata": {},
    }


OFFLINE = OfflineTool(
    name="search_knowledge_base",
    arguments=arguments,
    example="What does the handbook say about holidays?",
    routes=[Route("/knowledgebases/{id}/retrieve", _retrieve, methods=["POST"])],
    environment=lambda base_url: {
        "KNOWLEDGE_BASE_ID": ID,
        "AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME": base_url,
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
    },
)
