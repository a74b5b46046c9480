"""The agent as an AWS CDK app: `npx aws-cdk@2 deploy`. It is made from `deploy.toml` and `deploy/policies/`.

https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.aws_bedrockagentcore.html
"""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_bedrockagentcore as agentcore
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from . import policies
from .cloud import Cloud
from .config import PROTOCOL, Config, load
from .package import Package, build
from .package.build import ENTRY_POINT

ENDPOINT = "prod"
PERIOD = cdk.Duration.minutes(5)


class Pseudo(Cloud):
    """Stands for the account that the stack will be in."""

    account = cdk.Aws.ACCOUNT_ID
    partition = cdk.Aws.PARTITION


class AgentStack(cdk.Stack):
    """Role, runtime, endpoint, how long logs are kept, and alarms."""

    def __init__(self, scope: Construct, config: Config, package: Package) -> None:
        name = config.name.replace("_", "-")
        place = cdk.Environment(region=config.region)
        super().__init__(scope, name, env=place, description=config.description[:1024], tags=config.tags)
        runtime = agentcore.Runtime(
            self,
            "Runtime",
            runtime_name=config.name,
            description=config.description[:1200],
            agent_runtime_artifact=_artifact(package),
            execution_role=_role(self, config),
            protocol_configuration=getattr(agentcore.ProtocolType, PROTOCOL),
            environment_variables=config.variables,
            lifecycle_configuration=_lifecycle(config),
            request_header_configuration=_headers(config),
            authorizer_configuration=_authorizer(config),
        )
        _join_network(runtime, config)
        runtime.add_endpoint(ENDPOINT, version=runtime.agent_runtime_version)
        for endpoint in ("DEFAULT", ENDPOINT):
            _keep_logs(self, runtime, endpoint, config.log_days)
        _alarm(runtime, "SystemErrors", runtime.metric_system_errors(period=PERIOD), 1)
        _alarm(runtime, "UserErrors", runtime.metric_user_errors(period=PERIOD), 10)
        _alarm(runtime, "Throttles", runtime.metric_throttles(period=PERIOD), 1)
        cdk.CfnOutput(self, "arn", value=runtime.agent_runtime_arn)


def _artifact(package: Package) -> agentcore.AgentRuntimeArtifact:
    return agentcore.AgentRuntimeArtifact.from_code_asset(
        path=str(package.zip), runtime=agentcore.AgentCoreRuntime.PYTHON_3_13, entrypoint=[ENTRY_POINT]
    )


def _role(stack: cdk.Stack, config: Config) -> iam.IRole:
    if config.role:
        return iam.Role.from_role_arn(stack, "ExecutionRole", config.role, mutable=False)
    cloud = Pseudo(None, config.region)
    role = iam.Role(
        stack,
        "ExecutionRole",
        role_name=policies.role_name(cloud, config),
        assumed_by=iam.ServicePrincipal("bedrock-agentcore.amazonaws.com"),
        inline_policies={"agent": iam.PolicyDocument.from_json(policies.execution(cloud, config))},
        permissions_boundary=_boundary(stack, config),
    )
    child: Any = role.node.default_child
    child.add_property_override("AssumeRolePolicyDocument", policies.trust(cloud, config))
    return role


def _boundary(stack: cdk.Stack, config: Config) -> iam.IManagedPolicy | None:
    boundary = config.permissions_boundary
    return iam.ManagedPolicy.from_managed_policy_arn(stack, "Boundary", boundary) if boundary else None


def _lifecycle(config: Config) -> agentcore.LifecycleConfiguration:
    return agentcore.LifecycleConfiguration(
        idle_runtime_session_timeout=cdk.Duration.seconds(config.lifecycle.idle_seconds),
        max_lifetime=cdk.Duration.seconds(config.lifecycle.max_seconds),
    )


def _headers(config: Config) -> agentcore.RequestHeaderConfiguration | None:
    return agentcore.RequestHeaderConfiguration(allowlisted_headers=config.headers) if config.headers else None


def _authorizer(config: Config) -> agentcore.RuntimeAuthorizerConfiguration:
    if not config.auth:
        return agentcore.RuntimeAuthorizerConfiguration.using_iam()
    return agentcore.RuntimeAuthorizerConfiguration.using_jwt(
        str(config.auth.discovery_url),
        config.auth.clients or None,
        config.auth.audience or None,
        config.auth.scopes or None,
    )


def _join_network(runtime: agentcore.Runtime, config: Config) -> None:
    """A VPC by its subnets alone; the construct wants to look it up in the account, which a synthesis does not need."""
    if config.network:
        child: Any = runtime.node.default_child
        ids = {"Subnets": config.network.subnets, "SecurityGroups": config.network.security_groups}
        child.add_property_override("NetworkConfiguration", {"NetworkMode": "VPC", "NetworkModeConfig": ids})


def _keep_logs(stack: cdk.Stack, runtime: agentcore.Runtime, endpoint: str, days: int) -> None:
    """AgentCore makes the log group; this sets how long it keeps."""
    retention = logs.LogRetention(
        stack,
        f"Logs{endpoint}",
        log_group_name=f"/aws/bedrock-agentcore/runtimes/{runtime.agent_runtime_id}-{endpoint}",
        retention=logs.RetentionDays.ONE_MONTH,
    )
    resource: Any = retention.node.find_child("Resource")
    resource.add_property_override("RetentionInDays", days)


def _alarm(runtime: agentcore.Runtime, name: str, metric: cloudwatch.Metric, limit: int) -> None:
    metric.create_alarm(
        runtime,
        name,
        alarm_description=f"{name} of the agent",
        threshold=limit,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )


def main() -> None:
    """Synthesise the stack for the account and region of whoever deploys."""
    config = load()
    app = cdk.App()
    AgentStack(app, config, build(config))
    app.synth()


if __name__ == "__main__":
    main()
