"""Who calls the agent: whoever has a bearer token, in `AGENT_TOKEN`."""

import os

from .command import Context
from .errors import DeployError
from clients.{{ served[protocol].client }} import AgentClient


def missing() -> str:
    """What a call needs that is not there."""
    return "" if os.environ.get("AGENT_TOKEN") else "AGENT_TOKEN is not set."


def agent(context: Context, arn: str, endpoint: str) -> AgentClient:
    """The deployed agent, asked with the token."""
    if problem := missing():
        raise DeployError(problem, "Put a token of the issuer in deploy.toml ([auth]) there.")
    return AgentClient.deployed(arn, os.environ["AGENT_TOKEN"], endpoint, context.options.profile)
