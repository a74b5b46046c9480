"""Which agents AGENTS names: the role of the deployed agent may ask these, and no others."""

import json
from collections.abc import Mapping
from string import Template

from .errors import DeployError

NONE = "deploy.toml: AGENTS is no JSON object of agents, each with an address."


def arns(variables: Mapping[str, str]) -> list[str]:
    """The ARNs among the addresses, where `${NAME}` stands for a variable, as the agent reads them."""
    try:
        agents = json.loads(variables.get("AGENTS") or "{}").values()
        addresses = [Template(each["address"]).safe_substitute(variables) for each in agents]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DeployError(NONE, "See `AGENTS` in .env.example.") from error
    return [address for address in addresses if address.startswith("arn:")]
