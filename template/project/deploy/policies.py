"""The IAM policies of `deploy/policies/`, with this deployment's names filled in."""

import json
import re
from pathlib import Path
from string import Template
from typing import Any

from .cloud import Cloud
from .config import Config

FOLDER = Path(__file__).parent / "policies"
PROFILE = re.compile(r"^(us|us-gov|eu|apac|jp|au|ca|global)\.")
Policy = dict[str, Any]


def execution(cloud: Cloud, config: Config) -> Policy:
    """What the running agent may do."""
    policy = load("execution*", cloud, config)
    policy["Statement"] += load(_model_file(config.model), cloud, config)["Statement"]
    if config.secrets:
        read = {"Sid": "ReadSecrets", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"]}
        policy["Statement"].append(read | {"Resource": sorted(config.secrets.values())})
    return policy


def trust(cloud: Cloud, config: Config) -> Policy:
    """Who may assume the execution role: AgentCore, for runtimes of this name in this account."""
    return load("trust", cloud, config)


def deployer(cloud: Cloud, config: Config) -> Policy:
    """What whoever runs `deploy` and `destroy` needs."""
    return load("deployer*", cloud, config)


def caller(cloud: Cloud, config: Config) -> Policy:
    """What whoever calls the agent needs."""
    return load("caller", cloud, config)


def load(pattern: str, cloud: Cloud, config: Config) -> Policy:
    """The statements of every file of that name: each way to deploy brings its own."""
    texts = (file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob(f"{pattern}.json")))
    names = _names(cloud, config)
    found: list[Policy] = [json.loads(Template(text).substitute(names)) for text in texts]
    return {"Version": "2012-10-17", "Statement": [each for policy in found for each in policy["Statement"]]}


def _names(cloud: Cloud, config: Config) -> dict[str, str]:
    return {
        "partition": cloud.partition,
        "region": cloud.region,
        "account": cloud.account,
        "name": config.name,
        "role": role_name(cloud, config),
        "bucket": bucket_name(cloud, config),
        "build": build_name(cloud, config),
        "stack": config.name.replace("_", "-"),
        "repository": getattr(config, "repository", None) or config.name.lower(),
        "memory": getattr(config, "memory", None) or "none",
        "model": config.model.rpartition("/")[2],
        "foundation_model": PROFILE.sub("", config.model) if not config.model.startswith("arn:") else "*",
        "model_arn": config.model,
    }


def _model_file(model: str) -> str:
    if model.startswith("arn:"):
        return "model-arn"
    return "model-inference-profile" if PROFILE.match(model) else "model-foundation"


def role_name(cloud: Cloud, config: Config) -> str:
    """The execution role: the one given, or ours (48 + 1 + 14 characters at most; IAM takes 64)."""
    return config.role.rpartition("/")[2] if config.role else f"{config.name}-{cloud.region}"


def build_name(cloud: Cloud, config: Config) -> str:
    """CodeBuild's project and its role, where there is one (IAM takes 64 characters)."""
    return f"{config.name[:40]}-{cloud.region}-build"


def bucket_name(cloud: Cloud, config: Config) -> str:
    """The bucket for code packages: the one given, or one for all agents of the account and region."""
    return config.bucket or f"agentcore-code-{cloud.account.lower()}-{cloud.region}"
