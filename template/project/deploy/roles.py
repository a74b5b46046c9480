"""IAM roles: the ones that this project makes, with the policies of `deploy/policies/`."""

import json
from dataclasses import dataclass
from typing import Any

from . import policies
from .cloud import Cloud
from .config import OWNER, PROJECT, Config
from .errors import DeployError

POLICY = "agent"


@dataclass(frozen=True)
class Role:
    """A role as it should be."""

    name: str
    description: str
    trust: policies.Policy
    policy: policies.Policy


def execution(cloud: Cloud, config: Config) -> Role:
    """The role that the agent runs with."""
    what = f"What the agent {config.name} may do while it runs on AgentCore Runtime"
    trust, policy = policies.trust(cloud, config), policies.execution(cloud, config)
    return Role(policies.role_name(cloud, config), what, trust, policy)


def ensure(cloud: Cloud, config: Config, role: Role) -> tuple[str, bool]:
    """The role's ARN, and whether anything had to be done."""
    iam, found = cloud.client("iam"), find(cloud, role.name)
    changed = found is None
    found = found or _create(iam, config, role)
    changed |= _update_trust(iam, found, role.trust)
    changed |= _update_policy(iam, role)
    return str(found["Arn"]), changed


def find(cloud: Cloud, name: str) -> dict[str, Any] | None:
    """Our role. One of the same name that something else made is an error, for it may not be touched."""
    iam = cloud.client("iam")
    try:
        role: dict[str, Any] = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    if not OWNER.items() <= {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])}.items():
        hint = "Name the role to use in deploy.toml (`role`), or choose another `name`."
        raise DeployError(f"The role {name} exists, and {PROJECT} did not make it.", hint)
    return role


def delete(cloud: Cloud, name: str) -> None:
    """Remove our role and its policy."""
    iam = cloud.client("iam")
    if policy_of(iam, name) is not None:
        iam.delete_role_policy(RoleName=name, PolicyName=POLICY)
    iam.delete_role(RoleName=name)


def policy_of(iam: Any, name: str) -> Any:
    """The role's policy document, or None."""
    try:
        return iam.get_role_policy(RoleName=name, PolicyName=POLICY)["PolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        return None


def _create(iam: Any, config: Config, role: Role) -> dict[str, Any]:
    boundary = {"PermissionsBoundary": config.permissions_boundary} if config.permissions_boundary else {}
    made: dict[str, Any] = iam.create_role(
        RoleName=role.name,
        Description=role.description,
        AssumeRolePolicyDocument=json.dumps(role.trust),
        Tags=[{"Key": key, "Value": value} for key, value in (config.tags | OWNER).items()],
        **boundary,
    )["Role"]
    return made


def _update_trust(iam: Any, found: dict[str, Any], trust: policies.Policy) -> bool:
    if found["AssumeRolePolicyDocument"] == trust:
        return False
    iam.update_assume_role_policy(RoleName=found["RoleName"], PolicyDocument=json.dumps(trust))
    return True


def _update_policy(iam: Any, role: Role) -> bool:
    if policy_of(iam, role.name) == role.policy:
        return False
    iam.put_role_policy(RoleName=role.name, PolicyName=POLICY, PolicyDocument=json.dumps(role.policy))
    return True
