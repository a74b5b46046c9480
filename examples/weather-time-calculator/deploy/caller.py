"""Calls the agent with AWS credentials (SigV4)."""

import time
from collections.abc import Iterator
from typing import Any

from .cloud import Cloud

BUSY = ("ThrottlingException", "RetryableConflictException")  # the agent has not seen the request
ATTEMPTS = 4


def missing() -> str:
    """What a call needs that is not there. Nothing: whoever deploys has credentials."""
    return ""


def call(cloud: Cloud, arn: str, body: bytes, session: str, endpoint: str) -> Iterator[bytes]:
    """The bytes of the answer as they arrive."""
    response = _invoke(
        cloud,
        agentRuntimeArn=arn,
        qualifier=endpoint,
        runtimeSessionId=session,
        contentType="application/json",
        accept="text/event-stream",
        payload=body,
    )
    # boto3's own iterators wait for 1024 bytes: an event would be a third of a second late.
    yield from response["response"]._raw_stream.stream()


def _invoke(cloud: Cloud, **request: Any) -> Any:
    client = cloud.client("bedrock-agentcore")
    for attempt in range(1, ATTEMPTS):
        try:
            return client.invoke_agent_runtime(**request)
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in BUSY:
                raise
        time.sleep(0.5 * 2**attempt)
    return client.invoke_agent_runtime(**request)


def stop(cloud: Cloud, arn: str, session: str, endpoint: str) -> None:
    """End a session: its next request starts a new one with an empty memory."""
    client = cloud.client("bedrock-agentcore")
    client.stop_runtime_session(agentRuntimeArn=arn, runtimeSessionId=session, qualifier=endpoint)
