"""Who calls the agent: whoever has AWS credentials."""

from .command import Context
from clients.over_a2a import AgentClient


def missing() -> str:
    """What a call needs that is not there. Nothing: whoever deploys has credentials."""
    return ""


def agent(context: Context, arn: str, endpoint: str) -> AgentClient:
    """The deployed agent; what is asked is signed (SigV4)."""
    return AgentClient.deployed(arn, endpoint=endpoint, profile=context.options.profile)
