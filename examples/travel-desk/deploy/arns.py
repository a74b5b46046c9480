"""Which agents and gateways the tools' settings name: the role of the deployed agent may call these, and no others."""

import json
import re
from collections.abc import Mapping
from string import Template

from .errors import DeployError

ARN = r"arn:aws[a-z-]*:bedrock-agentcore:[a-z]{2,4}(-[a-z]+)+-\d+:\d{12}:"
FORMS = {"gateway": f"{ARN}gateway/[a-zA-Z0-9-]+", "address": f"{ARN}runtime/[a-zA-Z0-9_-]+"}


def arns(variables: Mapping[str, str], setting: str, *keys: str) -> list[str]:
    """The ARNs under the first of the keys, where `${NAME}` stands for a variable, as the agent reads them.

    The agent refuses an ARN of another form or under another key, so the role must not have it.
    """
    try:
        entries = json.loads(variables.get(setting) or "{}").values()
        given = [next((key, each[key]) for key in keys if key in each) for each in entries]
        places = [(key, Template(place).safe_substitute(variables)) for key, place in given]
    except (ValueError, TypeError, AttributeError, StopIteration) as error:
        wrong = f"deploy.toml: {setting} is no JSON object of objects, each with {' or '.join(keys)}."
        raise DeployError(wrong, f"See `{setting}` in .env.example.") from error
    found = [(key, place) for key, place in places if place.startswith("arn:")]
    for key, place in found:
        if key != keys[0] or not re.fullmatch(FORMS[key], place):
            wrong = f"deploy.toml: {setting}: the agent cannot call {place} as `{key}`."
            raise DeployError(wrong, f"`{keys[0]}` takes the whole ARN of one, without wildcards.")
    return [place for _, place in found]
