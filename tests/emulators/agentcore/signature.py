"""Signature Version 4 from the server's side: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from urllib.parse import quote

from starlette.requests import HTTPConnection

from .errors import AwsError

SERVICE = "bedrock-agentcore"
SKEW = timedelta(minutes=5)
HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/"
    r"(?P<scope>(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request), "
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True)
class Key:
    """A secret access key; temporary ones have a token, and may have expired."""

    secret: str
    token: str | None = None
    expires: datetime | None = None


def check(connection: HTTPConnection, body: bytes, region: str, keys: Mapping[str, Key]) -> None:
    """Raise what AWS answers where the header does not show that the holder of a key sent this very request now."""
    if "authorization" not in connection.headers:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")
    found = HEADER.fullmatch(connection.headers["authorization"])
    if not found or "x-amz-date" not in connection.headers:
        raise AwsError("IncompleteSignatureException", "Authorization header requires a signature and a date.")
    _in_scope(found["region"], found["service"], region)
    key = _key(keys, found["key"], connection.headers.get("x-amz-security-token"))
    names = found["names"].split(";")
    if unsigned := {"host", *(name for name in connection.headers if name.startswith("x-amz-"))} - set(names):
        raise _refused(f"'{min(unsigned)}' must be a 'SignedHeader' in the AWS Authorization.")
    date = connection.headers["x-amz-date"]
    _is_fresh(date, found["day"])
    ours = signature(connection, names, date, found["scope"], hashlib.sha256(body).hexdigest(), key.secret)
    if not hmac.compare_digest(ours, found["signature"]):
        raise _refused(MISMATCH)


def _in_scope(region: str, service: str, expected: str) -> None:
    if region != expected:
        raise _refused("Credential should be scoped to a valid region.")
    if service != SERVICE:
        raise _refused(f"Credential should be scoped to correct service: '{SERVICE}'.")


def _key(keys: Mapping[str, Key], name: str, token: str | None) -> Key:
    key = keys.get(name)
    if key is None or key.token != token:
        raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.")
    if key.expires and key.expires <= datetime.now(UTC):
        raise AwsError("ExpiredTokenException", "The security token included in the request is expired")
    return key


def _is_fresh(date: str, day: str) -> None:
    signed = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    now = datetime.now(UTC)
    if not date.startswith(day):
        raise _refused("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.")
    if signed < now - SKEW:
        earliest = f"{now - SKEW:%Y%m%dT%H%M%SZ} ({now:%Y%m%dT%H%M%SZ} - 5 min.)"
        raise _refused(f"Signature expired: {date} is now earlier than {earliest}")
    if signed > now + SKEW:
        latest = f"{now + SKEW:%Y%m%dT%H%M%SZ} ({now:%Y%m%dT%H%M%SZ} + 5 min.)"
        raise _refused(f"Signature not yet current: {date} is still later than {latest}")


def _refused(message: str) -> AwsError:
    return AwsError("InvalidSignatureException", message)


def signature(
    connection: HTTPConnection, names: list[str], date: str, scope: str, body_digest: str, secret: str
) -> str:
    """What a request with these signed headers is signed with, in the header or in the query."""
    pairs = connection.scope["query_string"].decode().split("&")
    request = [
        connection.scope.get("method", "GET"),
        quote(connection.scope["raw_path"].decode().partition("?")[0], safe="/~"),
        "&".join(sorted(pair for pair in pairs if not pair.startswith("X-Amz-Signature="))),
        *(f"{name}:{' '.join(connection.headers.get(name, '').split())}" for name in names),
        "",
        ";".join(names),
        body_digest,
    ]
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, digest])
    return _hmac(reduce(_hmac, scope.split("/"), f"AWS4{secret}".encode()), text).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
