"""AgentCore Identity: workload identities, credential providers, and the tokens of users.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/get-workload-access-token.html,
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/oauth2-authorization-url-session-binding.html

Tokens are kept by workload, user (`iss` and `sub` of a JWT, or the id), provider and scopes. A session of consent is
bound to the very JWT, or id, that the workload token was made with: a fresh token of the same user does not complete
it (reported: https://github.com/aws/bedrock-agentcore-sdk-typescript/issues/37). The authorization server is a page of
this emulator, which grants at once; with `?deny` it does not.

Guessed: a session is open for ten minutes; a workload token is good for fifteen; the errors for a workload token that
is unknown, for one without a user, and for a return address that is not registered. Not done: the grants M2M and
ON_BEHALF_OF_TOKEN_EXCHANGE, refreshing, secrets of providers, tags.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import jwt
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from .errors import AwsError, conflict, invalid, not_found
from .models import Params
from .state import Account, now

AUTHORIZE = "/identities/oauth2/authorize"
URN = "urn:ietf:params:oauth:request_uri:"
SESSION_SECONDS, WORKLOAD_SECONDS = 600, 900
NO_RETURN_URL = (
    "You must register and use at least one ResourceOauth2ReturnUrl on your workload identity to use this flow"
)
User = tuple[str, ...]


@dataclass(frozen=True)
class Workload:
    """What a workload access token stands for: an agent, and for whom it works. `artifact` says it, word for word."""

    name: str
    user: User
    artifact: Params
    until: float


@dataclass
class Session:
    """One user's way to consent and back."""

    workload: Workload
    provider: str
    scopes: frozenset[str]
    returns: str
    state: str | None
    until: float
    status: str = "asked"  # then "granted", "bound", or "FAILED"

    @property
    def vault(self) -> tuple[object, ...]:
        return self.workload.name, self.workload.user, self.provider, self.scopes


class Identity:
    """`url` tells where the emulator is served. `tokens`: the access tokens of users, by what they are kept under."""

    def __init__(self, account: Account, clock: Callable[[], float], url: Callable[[], str]) -> None:
        self.account, self.clock, self.url = account, clock, url
        self.tokens: dict[tuple[object, ...], str] = {}
        self._providers: dict[str, Params] = {}
        self._own: set[str] = set()
        self._returns: dict[str, list[str]] = {}
        self._workloads: dict[str, Workload] = {}
        self._sessions: dict[str, Session] = {}

    # The control plane.

    async def create_oauth2_credential_provider(self, p: Params) -> Params:
        if p["name"] in self._providers:
            raise conflict(f"Credential provider with name: {p['name']} already exists")
        vault = f"token-vault/default/oauth2credentialprovider/{p['name']}"  # "acps" is the model's
        secret = f"bedrock-agentcore-identity!default/oauth2/{p['name']}-{secrets.token_hex(3)}"
        secret_arn = f"arn:aws:secretsmanager:{self.account.region}:{self.account.id}:secret:{secret}"
        self._providers[p["name"]] = {
            "name": p["name"],
            "credentialProviderArn": f"arn:aws:acps:{self.account.region}:{self.account.id}:{vault}",
            "clientSecretArn": {"secretArn": secret_arn},
            "callbackUrl": f"{self.url()}/_emulator/callback",
        }
        return self._providers[p["name"]]

    async def create_workload_identity(self, p: Params) -> Params:
        if self._known(p["name"]):
            raise conflict(f"WorkloadIdentity with name: {p['name']} already exists")
        self._own.add(p["name"])
        self._returns[p["name"]] = p.get("allowedResourceOauth2ReturnUrls", [])
        return self._described(p["name"])

    async def update_workload_identity(self, p: Params) -> Params:
        self._require(p["name"])
        self._returns[p["name"]] = p.get("allowedResourceOauth2ReturnUrls", [])
        return self._described(p["name"]) | {"createdTime": now(), "lastUpdatedTime": now()}

    async def get_workload_identity(self, p: Params) -> Params:
        self._require(p["name"])
        return self._described(p["name"]) | {"createdTime": now(), "lastUpdatedTime": now()}

    def _described(self, name: str) -> Params:
        arn = self.account.arn(f"workload-identity-directory/default/workload-identity/{name}")
        return {"name": name, "workloadIdentityArn": arn, "allowedResourceOauth2ReturnUrls": self._allowed(name)}

    def _allowed(self, name: str) -> list[str]:
        return self._returns.get(name, [])

    def _known(self, name: str) -> bool:
        return name in self._own or name in self.account.runtimes

    def _require(self, name: str) -> None:
        if not self._known(name):
            raise not_found(f"WorkloadIdentity not found: {name}")

    # Workload access tokens.

    async def get_workload_access_token(self, p: Params) -> Params:
        return self._given(p["workloadName"], (), {})

    async def get_workload_access_token_for_user_id(self, p: Params) -> Params:
        return self._given(p["workloadName"], ("id", p["userId"]), {"userId": p["userId"]})

    async def get_workload_access_token_for_jwt(self, p: Params) -> Params:
        return self._given(p["workloadName"], _user_of(p["userToken"]), {"userToken": p["userToken"]})

    def _given(self, name: str, user: User, artifact: Params) -> Params:
        self._require(name)
        if name not in self._own:  # "Runtime-managed agent identities cannot retrieve workload access tokens directly"
            raise AwsError("AccessDeniedException", f"WorkloadIdentity {name} is managed by a service")
        return {"workloadAccessToken": self._workload_token(name, user, artifact)}

    def of_request(self, name: str, bearer: str | None, user_id: str | None) -> str:
        """The workload access token that the runtime gives its agent with a request."""
        if bearer:
            return self._workload_token(name, _user_of(bearer), {"userToken": bearer})
        user = {"userId": user_id} if user_id else {}
        return self._workload_token(name, ("id", user_id) if user_id else (), dict(user))

    def _workload_token(self, name: str, user: User, artifact: Params) -> str:
        token = f"workload-{secrets.token_hex(24)}"
        self._workloads[token] = Workload(name, user, artifact, self.clock() + WORKLOAD_SECONDS)
        return token

    # Tokens of users.

    async def get_resource_oauth2_token(self, p: Params) -> Params:
        if p["oauth2Flow"] != "USER_FEDERATION":
            raise AwsError("UnknownOperationException", f"the flow {p['oauth2Flow']} is not emulated")
        workload = self._workloads.get(p["workloadIdentityToken"])
        if workload is None or workload.until <= self.clock():
            raise AwsError("UnauthorizedException", "The workload access token is invalid or expired")
        if p["resourceCredentialProviderName"] not in self._providers:
            raise not_found(f"Credential provider not found: {p['resourceCredentialProviderName']}")
        if not workload.user:
            raise invalid("The workload access token is of no user")
        session = self._asked(p, workload)
        if session.vault in self.tokens and not p.get("forceAuthentication"):
            return {"accessToken": self.tokens[session.vault]}
        return self._begun(p, session)

    def _asked(self, p: Params, workload: Workload) -> Session:
        returns, allowed = p.get("resourceOauth2ReturnUrl", ""), self._allowed(workload.name)
        if not returns or not allowed:
            raise invalid(NO_RETURN_URL)
        if returns not in allowed:
            raise invalid(f"{returns} is not among the workload identity's allowedResourceOauth2ReturnUrls")
        until, provider = self.clock() + SESSION_SECONDS, p["resourceCredentialProviderName"]
        return Session(workload, provider, frozenset(p["scopes"]), returns, p.get("customState"), until)

    def _begun(self, p: Params, session: Session) -> Params:
        if "sessionUri" in p:
            known = self._sessions.get(p["sessionUri"])
            if known is None or known.vault != session.vault:
                raise AwsError("AccessDeniedException", "Invalid or expired session")
            return {"sessionUri": p["sessionUri"], "sessionStatus": self._status(known)}
        uri = f"{URN}{secrets.token_urlsafe(24)}"
        self._sessions[uri] = session
        address = f"{self.url()}{AUTHORIZE}?{urlencode({'request_uri': uri})}"
        return {"authorizationUrl": address, "sessionUri": uri, "sessionStatus": "IN_PROGRESS"}

    def _status(self, session: Session) -> str:
        return "FAILED" if session.status == "FAILED" or session.until <= self.clock() else "IN_PROGRESS"

    async def authorize(self, request: Request) -> Response:
        """The page of consent: it grants, and sends the browser to the application, with the session's name."""
        uri = request.query_params.get("request_uri", "")
        session = self._sessions.get(uri)
        if session is None or session.status != "asked" or session.until <= self.clock():
            return PlainTextResponse("This link is unknown, used or expired.", 400)
        session.status = "FAILED" if "deny" in request.query_params else "granted"
        query = urlencode({"session_id": uri} | ({"state": session.state} if session.state else {}))
        return RedirectResponse(f"{session.returns}{'&' if '?' in session.returns else '?'}{query}", 302)

    async def complete_resource_token_auth(self, p: Params) -> Params:
        session = self._sessions.get(p["sessionUri"])
        bound = session is not None and session.workload.artifact == p["userIdentifier"]
        if session is None or not bound or session.status != "granted" or session.until <= self.clock():
            raise AwsError("AccessDeniedException", "Invalid or expired session")
        session.status = "bound"
        self.tokens[session.vault] = f"access-{secrets.token_hex(16)}"
        return {}


def _user_of(token: str) -> User:
    """Issuer and subject, which name the user. Raises for what is no token of a user, or expired."""
    try:
        options: Any = {"verify_signature": False, "verify_exp": True, "require": ["iss", "sub"]}
        claims = jwt.decode(token, options=options)
    except jwt.PyJWTError as error:
        raise AwsError("UnauthorizedException", f"The user's token is rejected: {error}") from None
    return "jwt", claims["iss"], claims["sub"]
