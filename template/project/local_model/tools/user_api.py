"""An API in the user's name, offline: two operations of AgentCore Identity, the page of consent, the application's
page to which the user comes back, and the API.

https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_GetResourceOauth2Token.html
"""

import re
from functools import cache
from typing import Any
from uuid import uuid4

import botocore.session
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ..offline_tool import OfflineTool

QUESTION = re.compile(r"\bread my (?P<what>profile|mail)\b", re.IGNORECASE)
PROVIDER = "offline"
DATA = {"profile": {"name": "Ada Lovelace", "plan": "made up"}, "mail": ["Made up: lunch on Friday?"]}
PAGE = "<!doctype html><title>Allowed</title><p>The agent may read your account. Go back, and say so."
UNKNOWN = HTMLResponse("<!doctype html><title>Unknown</title><p>This link is used or unknown.", 404)
NO_RETURN_URL = (
    "You must register and use at least one ResourceOauth2ReturnUrl on your workload identity to use this flow"
)

SESSIONS: dict[str, tuple[str, str]] = {}
"""From a session of consent to the workload token that asked, and the page to which the user comes back."""
CONSENTED: dict[str, str] = {}
"""From a session whose user has consented to the workload token; the application's page has to confirm it."""
TOKENS: dict[str, str] = {}
"""From a workload token to the user's access token, once it is allowed."""


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for each thing that is asked for."""
    return [{"path": f"/{match['what'].lower()}"} for match in QUESTION.finditer(question)]


@cache
def _service() -> ServiceModel:
    return botocore.session.get_session().get_service_model("bedrock-agentcore")


def _wrong(operation: str, body: dict[str, Any]) -> str:
    """What breaks the service's model; botocore's client does not look at patterns, enumerations and maxima."""
    shape: Any = _service().operation_model(operation).input_shape
    report = ParamValidator().validate(body, shape)
    if report.has_errors():
        return str(report.generate_report())
    given = ((name, body[name], member) for name, member in shape.members.items() if isinstance(body.get(name), str))
    return "; ".join(
        f"{name} failed to satisfy a constraint"
        for name, value, member in given
        if len(value) > member.metadata.get("max", len(value))
        or not re.fullmatch(member.metadata.get("pattern", ".*"), value, re.DOTALL)
        or (member.enum and value not in member.enum)
    )


async def _workload_token(request: Request) -> JSONResponse:
    body = await request.json()
    if wrong := _wrong("GetWorkloadAccessTokenForUserId", body):
        return _error(400, "ValidationException", wrong)
    return JSONResponse({"workloadAccessToken": f"{body['workloadName']} for {body['userId']}"})


async def _token(request: Request) -> JSONResponse:
    body = await request.json()
    if wrong := _wrong("GetResourceOauth2Token", body):
        return _error(400, "ValidationException", wrong)
    if body["resourceCredentialProviderName"] != PROVIDER:
        return _error(404, "ResourceNotFoundException", "Credential provider does not exist")
    if "resourceOauth2ReturnUrl" not in body:
        return _error(400, "ValidationException", NO_RETURN_URL)
    user = body["workloadIdentityToken"]
    if user in TOKENS:
        return JSONResponse({"accessToken": TOKENS[user]})
    session = uuid4().hex
    SESSIONS[session] = user, body["resourceOauth2ReturnUrl"]
    uri = f"urn:ietf:params:oauth:request_uri:{session}"
    address = f"{request.base_url}user-api-consent/{session}"
    return JSONResponse({"authorizationUrl": address, "sessionUri": uri, "sessionStatus": "IN_PROGRESS"})


async def _consent(request: Request) -> Response:
    session = request.path_params["session"]
    if session not in SESSIONS:
        return UNKNOWN
    CONSENTED[session], page = SESSIONS.pop(session)
    return RedirectResponse(f"{page}?session_id={session}", 302)


async def _consented(request: Request) -> HTMLResponse:
    if not (user := CONSENTED.pop(request.query_params.get("session_id", ""), "")):
        return UNKNOWN
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
        Route("/user-api-consented", _consented),
        Route("/user-api/{what}", _api),
    ],
    environment=lambda base_url: {
        "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": base_url,
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
        "USER_API_URL": f"{base_url}/user-api",
        "USER_API_PROVIDER": PROVIDER,
        "USER_API_SCOPES": "read",
        "USER_API_RETURN_URL": f"{base_url}/user-api-consented",
        "USER_API_LOCAL_WORKLOAD": "offline",
    },
)
