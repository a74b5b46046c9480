"""Which agents and gateways the tools' settings name: the role of the deployed agent may call these, and no others."""

import json
from collections.abc import Mapping
from string import Template

from .errors import DeployError


def arns(variables: Mapping[str, str], setting: str, *keys: str) -> list[str]:
    """The ARNs under one of the keys, where `${NAME}` stands for a variable, as the agent reads them."""
    try:
        entries = json.loads(variables.get(setting) or "{}").values()
        places = [next(each[key] for key in keys if key in each) for each in entries]
        addresses = [Template(place).safe_substitute(variables) for place in places]
    except (ValueError, TypeError, AttributeError, StopIteration) as error:
        wrong = f"deploy.toml: {setting} is no JSON object of objects, each with {' or '.join(keys)}."
        raise DeployError(wrong, f"See `{setting}` in .env.example.") from error
    return [address for address in addresses if address.startswith("arn:")]
