"""The IAM policies of `deploy/policies/`, with this deployment's names filled in."""

import json
import re
from pathlib import Path
from string import Template
from typing import Any

from botocore.session import get_session

from .config import Config
from .errors import MEND, DeployError

FOLDER = Path(__file__).parent / "policies"
PROFILE = re.compile(r"^(us|us-gov|eu|apac|jp|au|ca|global)\.")
ROLE_CHANGES = ("iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary")
RUNTIME = "arn:${{AWS::Partition}}:bedrock-agentcore:{0}:${{AWS::AccountId}}:runtime/{1}-*"
Policy = dict[str, Any]


def load(pattern: str, config: Config, **more: str) -> Policy:
    """The statements of every file of that name. Account and partition stay as CloudFormation's `Fn::Sub` has them."""
    values = names(config) | more
    found = (_filled(file, values) for file in sorted(FOLDER.glob(f"{pattern}.json")))
    statements = [each for policy in found for each in policy["Statement"]]
    for each in statements:
        if "Resource" in each:  # a name may stand for several ARNs, for one that is there already, or for none
            each["Resource"] = list(dict.fromkeys(" ".join(each["Resource"]).split()))
    return {"Version": "2012-10-17", "Statement": [each for each in statements if each.get("Resource", True)]}


def _filled(file: Path, values: dict[str, str]) -> Policy:
    try:
        return dict(json.loads(Template(file.read_text(encoding="utf-8")).substitute(values)))
    except (ValueError, KeyError) as error:
        raise DeployError(f"deploy/policies/{file.name}: {error!r}", MEND) from error


def execution(config: Config) -> Policy:
    """What the running agent may do."""
    policy = load("execution*", config)
    policy["Statement"] += _model(config, config.model)
    if config.fallback_model:
        fallback = _model(config, config.fallback_model)
        policy["Statement"] += [each | {"Sid": f"{each['Sid']}AsFallback"} for each in fallback]
    if config.guarded:
        policy["Statement"] += load("guardrail", config, guardrail=_guardrail(config.guarded[0], config))["Statement"]
    return policy


def cloudformation(config: Config) -> Policy:
    """The permissions to make the stack, for CloudFormation's service role or the person who deploys."""
    policy = load("cloudformation*", config)
    policy["Statement"] += load("network", config)["Statement"] if config.network else []
    for statement in policy["Statement"]:
        if config.permissions_boundary and set(statement["Action"]) <= set(ROLE_CHANGES):
            statement["Condition"] = {"StringEquals": {"iam:PermissionsBoundary": config.permissions_boundary}}
    return policy


def deployer(config: Config) -> Policy:
    """The permissions of the person who runs the commands."""
    policy = load("deployer*", config)
    if not config.cloudformation_role:
        policy["Statement"] += cloudformation(config)["Statement"]
    return policy


def all_of(config: Config) -> dict[str, Policy]:
    """Every policy, by who has it, as it is in the account ACCOUNT."""
    found = {"execution role": execution(config), "its trust": load("trust", config)}
    found |= {"who deploys": deployer(config), "who calls": load("caller", config)}
    if config.cloudformation_role:
        found["CloudFormation's role"] = cloudformation(config)
    partition = get_session().get_partition_for_region(config.region)
    text = json.dumps(found).replace("${AWS::AccountId}", "ACCOUNT").replace("${AWS::Partition}", partition)
    return dict(json.loads(text))


def names(config: Config) -> dict[str, str]:
    """What stands for `${name}` and the like."""
    return {
        "partition": "${AWS::Partition}",
        "region": config.region,
        "account": "${AWS::AccountId}",
        "name": config.name,
        "role": config.role.rpartition("/")[2] if config.role else f"{config.name}-{config.region}",
        "stack": config.stack,
        "bucket": _bucket(config),
        "repository": _repository(config),
        "source_name": config.source.name,
        "source_stack": config.source.stack,
        "source_bucket": _bucket(config.source),
        "source_repository": _repository(config.source),
        "agents": " ".join(f"{each} {each}/runtime-endpoint/*" for each in getattr(config, "agents", ())),
        "gateways": " ".join(getattr(config, "gateways", ())),
        "credential_provider": config.environment.get("USER_API_PROVIDER", ""),
        "environments": " ".join(RUNTIME.format(config.region, each.name) for each in config.family),
        "cloudformation_role": config.cloudformation_role or "",
        "kms_key": config.kms_key or "",
        "secrets": " ".join(sorted(config.secrets.values())),
        "build": f"{config.name[:40]}-{config.region}-build",
        "memory": getattr(config, "memory", None) or f"{config.name}-*",
    }


def _bucket(config: Config) -> str:
    return config.bucket or f"{config.stack}-artifacts-*"


def _repository(config: Config) -> str:
    return getattr(config, "repository", None) or f"{config.name.lower()}-images"


def _guardrail(name: str, config: Config) -> str:
    own = f"arn:${{AWS::Partition}}:bedrock:{config.region}:${{AWS::AccountId}}:guardrail/{name}"
    return name if name.startswith("arn:") else own


def _model(config: Config, model: str) -> list[Any]:
    """The statements that let the role call a model, which is named by its ARN, of a profile or by itself."""
    name = model.rpartition("/")[2]
    if model.startswith("arn:"):
        policy = load("model-arn", config, model=name, foundation_model="*", model_arn=model)
    else:
        file = "model-inference-profile" if PROFILE.match(model) else "model-foundation"
        policy = load(file, config, model=name, foundation_model=PROFILE.sub("", model))
    statements: list[Any] = policy["Statement"]
    return statements
