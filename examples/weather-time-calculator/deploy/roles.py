"""The execution role: the one named in deploy.toml, or one of our own with the policies of `deploy/policies/`."""

import json
from typing import Any

from . import policies
from .cloud import Cloud
from .config import OWNER, PROJECT, Config
from .errors import DeployError

POLICY = "agent"


def ensure(cloud: Cloud, config: Config) -> tuple[str, bool]:
    """The role's ARN, and whether anything had to be done."""
    if config.role:
        return config.role, False
    iam, name = cloud.client("iam"), policies.role_name(cloud, config)
    role = find(cloud, config)
    changed = role is None
    role = role or _create(iam, name, cloud, config)
    changed |= _update_trust(iam, role, policies.trust(cloud, config))
    changed |= _update_policy(iam, name, policies.execution(cloud, config))
    return str(role["Arn"]), changed


def find(cloud: Cloud, config: Config) -> dict[str, Any] | None:
    """Our role. One of the same name that something else made is an error, for it may not be touched."""
    iam, name = cloud.client("iam"), policies.role_name(cloud, config)
    try:
        role: dict[str, Any] = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    if not OWNER.items() <= {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])}.items():
        hint = "Name the role to use in deploy.toml (`role`), or choose another `name`."
        raise DeployError(f"The role {name} exists, and {PROJECT} did not make it.", hint)
    return role


def delete(cloud: Cloud, config: Config) -> None:
    """Remove our role and its policy."""
    iam, name = cloud.client("iam"), policies.role_name(cloud, config)
    if policy_of(iam, name) is not None:
        iam.delete_role_policy(RoleName=name, PolicyName=POLICY)
    iam.delete_role(RoleName=name)


def policy_of(iam: Any, name: str) -> Any:
    """The role's policy document, or None."""
    try:
        return iam.get_role_policy(RoleName=name, PolicyName=POLICY)["PolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        return None


def _create(iam: Any, name: str, cloud: Cloud, config: Config) -> dict[str, Any]:
    boundary = {"PermissionsBoundary": config.permissions_boundary} if config.permissions_boundary else {}
    role: dict[str, Any] = iam.create_role(
        RoleName=name,
        Description=f"What the agent {config.name} may do while it runs on AgentCore Runtime",
        AssumeRolePolicyDocument=json.dumps(policies.trust(cloud, config)),
        Tags=[{"Key": key, "Value": value} for key, value in (config.tags | OWNER).items()],
        **boundary,
    )["Role"]
    return role


def _update_trust(iam: Any, role: dict[str, Any], trust: policies.Policy) -> bool:
    if role["AssumeRolePolicyDocument"] == trust:
        return False
    iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=json.dumps(trust))
    return True


def _update_policy(iam: Any, name: str, policy: policies.Policy) -> bool:
    if policy_of(iam, name) == policy:
        return False
    iam.put_role_policy(RoleName=name, PolicyName=POLICY, PolicyDocument=json.dumps(policy))
    return True
