"""Calls the agent with the bearer token in `AGENT_TOKEN`: the AWS SDK can't, so this is plain HTTPS."""

import json
import os
from collections.abc import Iterator
from urllib.parse import quote

import urllib3

from .cloud import SILENCE, Cloud
from .errors import HINTS, DeployError

SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"


def missing() -> str:
    """What a call needs that is not there."""
    return "" if os.environ.get("AGENT_TOKEN") else "AGENT_TOKEN is not set."


def call(cloud: Cloud, arn: str, body: bytes, session: str, endpoint: str) -> Iterator[bytes]:
    """The bytes of the answer as they arrive."""
    response = _post(cloud, arn, "invocations", body, session, endpoint)
    yield from response.stream()


def stop(cloud: Cloud, arn: str, session: str, endpoint: str) -> None:
    """End a session: its next request starts a new one with an empty memory."""
    _post(cloud, arn, "stopruntimesession", b"{}", session, endpoint).drain_conn()


def _post(cloud: Cloud, arn: str, action: str, body: bytes, session: str, endpoint: str) -> urllib3.BaseHTTPResponse:
    host = cloud.client("bedrock-agentcore").meta.endpoint_url
    headers = {
        "Authorization": f"Bearer {_token()}",
        "Content-Type": "application/json",
        "Accept": "text/event-stream",
        SESSION_HEADER: session,
    }
    response = urllib3.request(
        "POST",
        f"{host}/runtimes/{quote(arn, safe='')}/{action}?qualifier={quote(endpoint)}",
        body=body,
        headers=headers,
        timeout=urllib3.Timeout(connect=10, read=SILENCE),
        retries=False,
        preload_content=False,
    )
    if response.status >= 400:
        raise _refused(response)
    return response


def _token() -> str:
    if problem := missing():
        raise DeployError(problem, "Put a token of the issuer in deploy.toml ([auth]) there.")
    return os.environ["AGENT_TOKEN"]


def _refused(response: urllib3.BaseHTTPResponse) -> DeployError:
    code = response.headers.get("x-amzn-errortype", "").partition(":")[0]
    try:
        message = json.loads(response.read())["message"]
    except (ValueError, KeyError, TypeError):
        message = f"HTTP {response.status}"
    return DeployError(message, HINTS.get(code, ""))
