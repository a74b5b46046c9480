"""The CloudFormation templates of this folder, completed from `deploy.toml` and `policies/`."""

from pathlib import Path
from string import Template
from typing import Any

import yaml

from . import policies
from .config import Config

Json = dict[str, Any]
FOLDER = Path(__file__).parent


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
        text = Template(file.read_text(encoding="utf-8")).safe_substitute(policies.names(config))
        body = _merged(body, _completed(yaml.load(text, Loader), config))
    return body


def parameters(body: Json, config: Config, **more: str) -> list[Json]:
    """The values of the template's parameters: what deploy.toml says, or the parameter's own default."""
    known = {"Name": config.name, "Role": config.role or "", "AlarmTopic": config.alarm_topic or ""}
    known |= {"PermissionsBoundary": config.permissions_boundary or "", "BucketName": config.bucket or ""}
    known |= {"MemoryId": getattr(config, "memory", None) or "", "KmsKey": config.kms_key or ""}
    known |= {"Repository": getattr(config, "repository", None) or ""} | config.parameters | more
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


def _completed(value: Any, config: Config) -> Any:
    if isinstance(value, dict):
        return {name: _completed(each, config) for name, each in value.items()}
    if isinstance(value, list):
        return [_completed(each, config) for each in value]
    if isinstance(value, str) and value.startswith("policies/"):
        name = value.removeprefix("policies/")
        return substituted(policies.execution(config) if name == "execution" else policies.load(name, config))
    return value


def substituted(value: Any) -> Any:
    """The same, where texts that name the account or partition are `Fn::Sub`."""
    if isinstance(value, dict):
        return {name: substituted(each) for name, each in value.items()}
    if isinstance(value, list):
        return [substituted(each) for each in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${AWS::" in value else value
