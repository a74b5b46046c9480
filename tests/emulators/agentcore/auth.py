"""Who may call a runtime: SigV4 by default, a bearer token where the version has a JWT authorizer."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

import httpx
import jwt
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection

from .errors import AwsError
from .models import Params
from .signature import signature
from .state import Version

MISMATCH = (
    "Authorization method mismatch. The agent is configured for a different authorization method than what was used in "
    "your request."
)
SECRETS = {"testing": "testing"}  # by access key: the account of `tests.emulators.aws`
LONGEST = 300  # seconds that a presigned address may be good for


def authorize(version: Version, region: str, connection: HTTPConnection) -> None:
    """Raise what an unwelcome caller is answered. Fetches the issuer's keys: call it in a thread."""
    header = connection.headers.get("authorization", "")
    authorizer = version.config.get("authorizerConfiguration", {}).get("customJWTAuthorizer")
    if authorizer and header.lower().startswith("bearer "):
        check_token(authorizer, header.split(maxsplit=1)[1])
    elif authorizer or not (_signed(region, header) or _presigned(region, connection)):
        raise AwsError("AccessDeniedException", MISMATCH)


def _signed(region: str, header: str) -> bool:
    return bool(re.match(rf"AWS4-HMAC-SHA256 Credential={_scope(region)}", header))


def _scope(region: str) -> str:
    return rf"[^/]+/\d{{8}}/{region}/bedrock-agentcore/aws4_request"


def _presigned(region: str, connection: HTTPConnection) -> bool:
    query = connection.query_params
    if "X-Amz-Signature" not in query or not re.fullmatch(_scope(region), query.get("X-Amz-Credential", "")):
        return False
    signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    seconds = int(query["X-Amz-Expires"])
    if seconds > LONGEST or datetime.now(UTC) > signed + timedelta(seconds=seconds):
        raise AwsError("AccessDeniedException", "Signature expired.")
    if not hmac.compare_digest(_signature(query, connection), query["X-Amz-Signature"]):
        raise AwsError("AccessDeniedException", "The request signature we calculated does not match the signature.")
    return True


def _signature(query: QueryParams, connection: HTTPConnection) -> str:
    key_id, _, scope = query["X-Amz-Credential"].partition("/")
    names, date = query["X-Amz-SignedHeaders"].split(";"), query["X-Amz-Date"]
    return signature(connection, names, date, scope, hashlib.sha256(b"").hexdigest(), SECRETS[key_id])


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
