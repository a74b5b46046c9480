"""The CloudFormation templates of this folder, completed from `deploy.toml` and `policies/`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from string import Template
from typing import Any

import yaml

from . import policies
from .config import Config

Json = dict[str, Any]
FOLDER = Path(__file__).parent
GIVEN = {  # parameters, and the keys of deploy.toml that say their values
    **{"Name": "name", "Role": "role", "PermissionsBoundary": "permissions_boundary", "AlarmTopic": "alarm_topic"},
    **{"BucketName": "bucket", "KmsKey": "kms_key", "MemoryId": "memory", "Repository": "repository"},
}


class Loader(yaml.SafeLoader):
    """Reads `!Ref`, `!GetAtt` and the like, too."""


def _function(loader: Loader, name: str, node: Any) -> Json:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        value = value.split(".", 1) if name == "GetAtt" else value
    else:
        value = loader.construct_sequence(node, deep=True)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


Loader.add_multi_constructor("!", _function)


def agent(config: Config, artifact: Json) -> Json:
    """`stack.yaml`, with the runtime's properties and its `AgentRuntimeArtifact`."""
    given = config.runtime | {"AgentRuntimeArtifact": artifact}
    runtime = {"Resources": {"Runtime": {"Properties": given}}, "Description": config.description[:1024]}
    return _merged(load("stack*.yaml", config), runtime)


def load(pattern: str, config: Config) -> Json:
    """Templates of this folder in one. Where one says `policies/NAME`, the policy of that name stands then."""
    body: Json = {}
    for file in sorted(FOLDER.glob(pattern)):
        with file.open(encoding="utf-8") as text:
            body = _merged(body, _mapped(yaml.load(text, Loader), partial(_completed, config)))
    return body


def parameters(body: Json, config: Config, **more: str) -> list[Json]:
    """The values of the template's parameters: what deploy.toml says, or the parameter's own default."""
    known = {name: getattr(config, key, None) or "" for name, key in GIVEN.items()} | config.parameters | more
    given = {name: known[name] for name in body.get("Parameters", {}) if name in known}
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]


def endpoints(body: Json) -> dict[str, str]:
    """The names of the template's endpoints, and of the parameters that say which version they serve."""
    kinds = [each for each in body["Resources"].values() if each["Type"] == "AWS::BedrockAgentCore::RuntimeEndpoint"]
    names = [each["Properties"]["Name"] for each in kinds]
    return {name: f"{name.title()}Version" for name in names}


def _merged(one: Json, other: Json) -> Json:
    """Both, and of a table that both have, both their entries."""
    both = {name: _merged(one[name], each) for name, each in other.items() if isinstance(one.get(name), dict)}
    return one | other | both


def _completed(config: Config, text: str) -> Any:
    if not text.startswith("policies/"):
        return Template(text).safe_substitute(policies.names(config))
    name = text.removeprefix("policies/")
    return substituted(policies.execution(config) if name == "execution" else policies.load(name, config))


def substituted(value: Any) -> Any:
    """The same, where texts that name the account or partition are `Fn::Sub`."""
    return _mapped(value, lambda text: {"Fn::Sub": text} if "${AWS::" in text else text)


def _mapped(value: Any, change: Callable[[str], Any]) -> Any:
    """The same, each text in it changed."""
    if isinstance(value, dict):
        return {name: _mapped(each, change) for name, each in value.items()}
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    return change(value) if isinstance(value, str) else value
