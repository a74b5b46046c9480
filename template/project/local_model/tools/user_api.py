"""An API in the user's name, offline: AgentCore Identity's two operations, the page of consent, and the API.

https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_GetResourceOauth2Token.html
"""

import re
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from ..offline_tool import OfflineTool

QUESTION = re.compile(r"\bread my (?P<what>profile|mail)\b", re.IGNORECASE)
PROVIDER = "offline"
DATA = {"profile": {"name": "Ada Lovelace", "plan": "made up"}, "mail": ["Made up: lunch on Friday?"]}
PAGE = "<!doctype html><title>Allowed</title><p>The agent may read your account. Go back, and say so."
FIELDS = {"workloadIdentityToken", "resourceCredentialProviderName", "scopes", "oauth2Flow"}
MORE = {"sessionUri", "resourceOauth2ReturnUrl", "forceAuthentication", "customParameters", "customState"}

SESSIONS: dict[str, str] = {}
"""From a session of consent to the workload token that asked."""
TOKENS: dict[str, str] = {}
"""From a workload token to the user's access token, once it is allowed."""


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for each thing that is asked for."""
    return [{"path": f"/{match['what'].lower()}"} for match in QUESTION.finditer(question)]


async def _workload_token(request: Request) -> JSONResponse:
    body = await request.json()
    if body.keys() != {"workloadName", "userId"}:
        return _error(400, "ValidationException", "workloadName and userId are wanted")
    return JSONResponse({"workloadAccessToken": f"{body['workloadName']} for {body['userId']}"})


async def _token(request: Request) -> JSONResponse:
    body = await request.json()
    if not FIELDS <= body.keys() <= FIELDS | MORE or body["oauth2Flow"] != "USER_FEDERATION":
        return _error(400, "ValidationException", "A field is missing or unknown")
    if body["resourceCredentialProviderName"] != PROVIDER:
        return _error(404, "ResourceNotFoundException", "Credential provider does not exist")
    user = body["workloadIdentityToken"]
    if user in TOKENS:
        return JSONResponse({"accessToken": TOKENS[user]})
    session = uuid4().hex
    SESSIONS[session] = user
    uri = f"urn:ietf:params:oauth:request_uri:{session}"
    address = f"{request.base_url}user-api-consent/{session}"
    return JSONResponse({"authorizationUrl": address, "sessionUri": uri, "sessionStatus": "IN_PROGRESS"})


async def _consent(request: Request) -> HTMLResponse:
    if not (user := SESSIONS.pop(request.path_params["session"], "")):
        return HTMLResponse("<!doctype html><title>Unknown</title><p>This link is used or unknown.", 404)
    TOKENS[user] = uuid4().hex
    return HTMLResponse(PAGE)


async def _api(request: Request) -> JSONResponse:
    if request.headers.get("Authorization", "").removeprefix("Bearer ") not in TOKENS.values():
        return JSONResponse({"error": "invalid_token"}, 401)
    found = DATA.get(request.path_params["what"])
    return JSONResponse(found) if found else JSONResponse({"error": "not_found"}, 404)


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"message": message}, status, {"x-amzn-errortype": code})


OFFLINE = OfflineTool(
    name="read_user_api",
    arguments=arguments,
    example="Read my profile",
    routes=[
        Route("/identities/GetWorkloadAccessTokenForUserId", _workload_token, methods=["POST"]),
        Route("/identities/oauth2/token", _token, methods=["POST"]),
        Route("/user-api-consent/{session}", _consent),
        Route("/user-api/{what}", _api),
    ],
    environment=lambda base_url: {
        "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": base_url,
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
        "USER_API_URL": f"{base_url}/user-api",
        "USER_API_PROVIDER": PROVIDER,
        "USER_API_SCOPES": "read",
        "USER_API_LOCAL_WORKLOAD": "offline",
    },
)
