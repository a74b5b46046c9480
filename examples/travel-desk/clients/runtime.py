"""An agent on AgentCore Runtime: its address, and the two ways to be let in.

The requests are signed as boto3 would, but sent by httpx2: boto3 holds the events of a stream back until it has
1,024 bytes of them, and posts a question again when the answer is slow.
"""

from collections.abc import Generator
from typing import Any
from urllib.parse import quote

import boto3
import httpx2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from .stream import SESSION_HEADER, AgentError

SERVICE = "bedrock-agentcore"
SIGNED = ("accept", "content-type", SESSION_HEADER)


def deployed(
    arn: str, token: str | None, endpoint: str = "DEFAULT", profile: str | None = None
) -> tuple[str, httpx2.Auth]:
    """Where a runtime's agent is asked, and how: with a bearer token or, without one, with AWS credentials.

    The address is that of InvokeAgentRuntime in AgentCore's API reference. Raises `ValueError` for what is not an ARN,
    and botocore's `ProfileNotFound`.
    """
    session = boto3.Session(profile_name=profile, region_name=region_of(arn))
    host = session.client(SERVICE).meta.endpoint_url
    url = f"{host}/runtimes/{quote(arn, safe='')}/invocations?qualifier={quote(endpoint)}"
    return url, BearerToken(token) if token else AwsCredentials(session)


def region_of(arn: str) -> str:
    """The region in the ARN of a runtime."""
    match arn.split(":"):
        case ["arn", _, "bedrock-agentcore", region, _, _]:
            return region
    raise ValueError(f"Not the ARN of an AgentCore runtime: {arn}")


class BearerToken(httpx2.Auth):
    """An access token of the issuer that the runtime trusts."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the token."""
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request


class AwsCredentials(httpx2.Auth):
    """Whatever AWS credentials boto3 finds here, refreshed when they expire; each request is signed (SigV4)."""

    requires_request_body = True

    def __init__(self, session: boto3.Session) -> None:
        self._session = session

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the signature."""
        headers = {name: request.headers[name] for name in SIGNED}
        signed = AWSRequest(request.method, str(request.url), data=request.content, headers=headers)
        SigV4Auth(self._credentials(), SERVICE, self._session.region_name).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request

    def _credentials(self) -> Any:
        try:
            if credentials := self._session.get_credentials():
                return credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise AgentError("no_credentials", str(error)) from error
        raise AgentError("no_credentials", "No AWS credentials were found.")
