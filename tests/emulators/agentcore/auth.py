"""Who may call a runtime: SigV4 by default, a bearer token where the version has a JWT authorizer."""

import re
from collections.abc import Mapping

import httpx
import jwt

from .errors import AwsError
from .models import Params
from .state import Version

MISMATCH = (
    "Authorization method mismatch. The agent is configured for a different authorization method than what was used in "
    "your request."
)


def authorize(version: Version, region: str, headers: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Raise what an unwelcome caller is answered. Fetches the issuer's keys: call it in a thread."""
    header = headers.get("authorization", "")
    authorizer = version.config.get("authorizerConfiguration", {}).get("customJWTAuthorizer")
    if authorizer and header.lower().startswith("bearer "):
        check_token(authorizer, header.split(maxsplit=1)[1])
    elif authorizer or not _signed(region, header, query):
        raise AwsError("AccessDeniedException", MISMATCH)


def _signed(region: str, header: str, query: Mapping[str, str]) -> bool:
    scope = rf"[^/]+/\d{{8}}/{region}/bedrock-agentcore/aws4_request"
    in_header = re.match(rf"AWS4-HMAC-SHA256 Credential={scope}", header)
    in_query = "X-Amz-Signature" in query and re.fullmatch(scope, query.get("X-Amz-Credential", ""))
    return bool(in_header or in_query)


def check_token(authorizer: Params, token: str) -> None:
    try:
        claims = _claims(authorizer, token)
    except (jwt.PyJWTError, httpx.HTTPError, ValueError) as error:
        raise AwsError("UnauthorizedException", f"JWT bearer token rejected: {error}") from None
    clients = authorizer.get("allowedClients")
    if clients and claims.get("client_id") not in clients:
        raise AwsError("UnauthorizedException", "Claim 'client_id' value mismatch with configuration.")
    scopes = set(authorizer.get("allowedScopes", []))
    if scopes and not scopes & set(claims.get("scope", "").split()):
        raise AwsError("UnauthorizedException", "Claim 'scope' value mismatch with configuration.")


def _claims(authorizer: Params, token: str) -> Params:
    issuer = httpx.get(authorizer["discoveryUrl"], timeout=5).raise_for_status().json()
    key = jwt.PyJWKClient(issuer["jwks_uri"], timeout=5).get_signing_key_from_jwt(token)
    audience = authorizer.get("allowedAudience")
    return jwt.decode(
        token,
        key.key,
        algorithms=["RS256", "ES256"],
        issuer=issuer["issuer"],
        audience=audience,
        options={"verify_aud": audience is not None, "require": ["exp"]},
    )
