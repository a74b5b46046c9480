"""The agent as one CloudFormation template: role, runtime, endpoint and alarms, made from what `uv run deploy` uses.

There is no log group in it: AgentCore makes that itself, and CloudFormation refuses one that exists
(https://github.com/hashicorp/terraform-provider-aws/issues/47630 tells the same of Terraform).
"""

from typing import Any

from . import policies, runtimes
from .cloud import Cloud
from .config import PROJECT, Config

Json = dict[str, Any]

# How many in five minutes raise an alarm. Metrics of AgentCore Runtime:
# https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-runtime-metrics.html
ALARMS = {"SystemErrors": 1, "UserErrors": 10, "Throttles": 1}
VERBATIM = {"environmentVariables"}  # maps whose keys are the user's own


class Pseudo(Cloud):
    """Stands for the account that the stack will be in."""

    account = "${AWS::AccountId}"
    partition = "${AWS::Partition}"


def template(config: Config, artifact: Json, endpoint: str, topic: str | None) -> Json:
    """The template. `endpoint` serves the newest version; alarms go to the SNS topic with the ARN `topic`, if given."""
    resources = {
        **_role(config),
        "Runtime": {"Type": "AWS::BedrockAgentCore::Runtime", "Properties": _runtime(config, artifact)},
        "Endpoint": _endpoint(endpoint),
        **{f"{metric}Alarm": _alarm(config, endpoint, metric, topic) for metric in ALARMS},
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": config.description[:1024],
        "Resources": resources,
        "Outputs": {
            "arn": {"Value": {"Fn::GetAtt": ["Runtime", "AgentRuntimeArn"]}},
            "id": {"Value": {"Fn::GetAtt": ["Runtime", "AgentRuntimeId"]}},
            "version": {"Value": {"Fn::GetAtt": ["Runtime", "AgentRuntimeVersion"]}},
        },
    }


def _role(config: Config) -> Json:
    if config.role:
        return {}
    cloud = Pseudo(None, config.region)
    properties: Json = {
        "RoleName": policies.role_name(cloud, config),
        "AssumeRolePolicyDocument": _substituted(policies.trust(cloud, config)),
        "Policies": [{"PolicyName": "agent", "PolicyDocument": _substituted(policies.execution(cloud, config))}],
        "Tags": [{"Key": key, "Value": value} for key, value in config.tags.items()],
    }
    if config.permissions_boundary:
        properties["PermissionsBoundary"] = config.permissions_boundary
    return {"ExecutionRole": {"Type": "AWS::IAM::Role", "Properties": properties}}


def _runtime(config: Config, artifact: Json) -> Json:
    settings = runtimes.wanted(config, artifact, config.role or "")
    properties: Json = _pascal(settings)
    properties["AgentRuntimeName"] = config.name
    properties["ProtocolConfiguration"] = settings["protocolConfiguration"]["serverProtocol"]
    properties["RoleArn"] = config.role or {"Fn::GetAtt": ["ExecutionRole", "Arn"]}
    properties["Tags"] = config.tags | {"managed-by": f"{PROJECT}/stack"}
    return properties


def _endpoint(name: str) -> Json:
    properties = {
        "AgentRuntimeId": {"Fn::GetAtt": ["Runtime", "AgentRuntimeId"]},
        "AgentRuntimeVersion": {"Fn::GetAtt": ["Runtime", "AgentRuntimeVersion"]},
        "Name": name,
    }
    return {"Type": "AWS::BedrockAgentCore::RuntimeEndpoint", "Properties": properties}


def _alarm(config: Config, endpoint: str, metric: str, topic: str | None) -> Json:
    dimensions = {
        "Operation": "InvokeAgentRuntime",
        "Name": f"{config.name}::{endpoint}",
        "Resource": {"Fn::GetAtt": ["Runtime", "AgentRuntimeArn"]},
    }
    properties: Json = {
        "AlarmName": f"{config.name}-{metric}",
        "AlarmDescription": f"{metric} of the agent {config.name}",
        "Namespace": "AWS/Bedrock-AgentCore",
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": ALARMS[metric],
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    if topic:
        properties["AlarmActions"] = [topic]
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}


def _pascal(value: Any) -> Any:
    """The API's names as CloudFormation spells them."""
    if isinstance(value, dict):
        return {n[0].upper() + n[1:]: v if n in VERBATIM else _pascal(v) for n, v in value.items()}
    return [_pascal(each) for each in value] if isinstance(value, list) else value


def _substituted(value: Any) -> Any:
    """Texts that name the account or partition become `Fn::Sub`."""
    if isinstance(value, dict):
        return {name: _substituted(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_substituted(each) for each in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${AWS::" in value else value
