"""The web search offline: InvokeWebSearch in AgentCore's form, over three made-up pages.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/web-search-api-reference.html
"""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..offline_tool import OfflineTool

TOOL = "web-search.v1"
QUESTION = re.compile(r"\bsearch the web for (?P<query>[^?.!]+)", re.IGNORECASE)
PAGES = [
    {
        "title": "Growing tomatoes",
        "url": "https://garden.example/tomatoes",
        "text": "Made up: tomatoes want sun, water and a stake.",
        "publishedAt": "2026-05-12T08:00:00Z",
    },
    {
        "title": "Tomato soup",
        "url": "https://kitchen.example/soup",
        "text": "Made up: a soup of ripe tomatoes and basil.",
    },
    {"text": "Made up: bicycles need air in their tyres."},
]


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for what is searched for."""
    return [{"query": match["query"].strip()} for match in QUESTION.finditer(question)]


async def _search(request: Request) -> JSONResponse:
    if request.path_params["id"] != TOOL:
        return _error(404, "ResourceNotFoundException", "Web search tool does not exist")
    body = await request.json()
    wanted = body.get("filters", {}).get("domainFilter", {}).get("include")
    if problem := _problem(body, wanted):
        return _error(400, "ValidationException", problem)
    words = {word.rstrip("s") for word in re.findall(r"\w{4,}", body["searchQuery"].lower())}
    found = [page for page in PAGES if any(word in str(page).lower() for word in words) and _is_in(page, wanted)]
    return JSONResponse({"results": found[: body.get("maxResults", 25)]})


def _problem(body: dict[str, Any], domains: list[str] | None) -> str:
    if unknown := body.keys() - {"searchQuery", "maxResults", "filters"}:
        return f"Unknown field {min(unknown)}"
    if not 1 <= len(body["searchQuery"]) <= 200:
        return "searchQuery must have 1 to 200 characters"
    if not 1 <= body.get("maxResults", 25) <= 25:
        return "maxResults must be from 1 to 25"
    if domains is not None and not (
        1 <= len(domains) <= 100 and all(re.fullmatch(r"[\w.-]+", each) for each in domains)
    ):
        return "include must have 1 to 100 domain names"
    return ""


def _is_in(page: dict[str, str], domains: list[str] | None) -> bool:
    return domains is None or any(f"//{domain}/" in page.get("url", "") for domain in domains)


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"message": message, "reason": "FieldValidationFailed"}, status, {"x-amzn-errortype": code})


OFFLINE = OfflineTool(
    name="search_web",
    arguments=arguments,
    example="Search the web for growing tomatoes",
    routes=[Route("/web-search/{id}/invoke", _search, methods=["POST"])],
    environment=lambda base_url: {
        "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": base_url,
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
    },
)
