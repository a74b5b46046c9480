"""`uv run deploy --dry-run`: what would be made, with which permissions, from which package. Needs no credentials."""

import json
from typing import Any

from . import policies, runtimes
from .artifacts import ARTIFACTS
from .cloud import Nowhere
from .command import Context


def show(context: Context) -> dict[str, Any]:
    """Print the plan; with --json it is returned."""
    config, cloud = context.config, Nowhere(context.config.region)
    artifact, contents = ARTIFACTS[context.options.artifact].describe(context, cloud)
    role = config.role or f"arn:{cloud.partition}:iam::{cloud.account}:role/{policies.role_name(cloud, config)}"
    plan = {
        "runtime": {"agentRuntimeName": config.name, **runtimes.wanted(config, artifact, role)},
        "policies": {
            "execution role": policies.execution(cloud, config),
            "its trust": policies.trust(cloud, config),
            "who deploys": policies.deployer(cloud, config),
            "who calls": policies.caller(cloud, config),
        },
        "contents": contents,
    }
    if not context.options.json:
        _print(plan)
    return plan


def _print(plan: dict[str, Any]) -> None:
    print(f"Runtime:\n{json.dumps(plan['runtime'], indent=2)}")
    for title, policy in plan["policies"].items():
        print(f"\nPolicy, {title}:\n{json.dumps(policy, indent=2)}")
    print("\nContents:")
    for name, what in plan["contents"].items():
        print(f"  {name:<32} {what}")
