"""The agent as a CloudFormation stack: validated by cfn-lint, deployed for real through moto and the emulator."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import cfnlint.api
import pytest

import tests.emulators.cloudformation  # noqa: F401  moto learns AgentCore's resource types
from tests.emulators.agentcore import Emulator

from .projects import Project

TOPIC = "arn:aws:sns:us-west-2:123456789012:alarms"


@pytest.fixture
def project(variant: Callable[..., Project]) -> Project:
    return variant(deployment=["cloudformation"])


def lint(template: Any) -> list[str]:
    config = cfnlint.ManualArgs(regions=["us-west-2"])
    return [str(match) for match in cfnlint.api.lint(json.dumps(template), config=config)]


def test_a_stack_is_made_changed_and_deleted(project: Project, cloud: Emulator) -> None:
    made = project.run("stack", "--json")
    assert (made.json["changed"], made.json["version"]) == (True, "1")
    answer = project.run("invoke", "--endpoint", "prod", "What is 37*12+5?")
    assert (answer.code, "449" in answer.out) == (0, True)
    kept = boto3.client("logs").describe_log_groups()["logGroups"]
    assert {group["logGroupName"].rpartition("-")[2]: group["retentionInDays"] for group in kept} == {
        "DEFAULT": 30,
        "prod": 30,
    }
    assert len(boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]) == 3
    assert project.run("stack", "--json").json["changed"] is False

    project.configure(description="The second version")
    assert project.run("stack", "--json").json["version"] == "2"
    state = project.run("status", "--json").json
    assert {each["name"]: each["serves"] for each in state["endpoints"]} == {"DEFAULT": "2", "prod": "2"}

    for command in (["deploy", "--no-check"], ["destroy", "--yes"]):
        refused = project.run(*command)
        assert (refused.code, "did not make it" in refused.err) == (1, True)
    assert project.run("stack", "--delete").code == 0
    assert not cloud.account.runtimes
    assert not boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert not boto3.client("iam").list_roles()["Roles"]
    assert project.run("destroy", "--yes").code == 0
    assert not boto3.client("s3").list_buckets()["Buckets"]
    assert not boto3.client("logs").describe_log_groups()["logGroups"]


def test_the_template_is_valid(project: Project) -> None:
    template = project.run("stack", "--template", "--topic", TOPIC).json
    assert lint(template) == []
    alarms = [each for each in template["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    assert {each["Properties"]["MetricName"] for each in alarms} == {"SystemErrors", "UserErrors", "Throttles"}
    assert all(each["Properties"]["AlarmActions"] == [TOPIC] for each in alarms)
    template["Resources"]["Runtime"]["Properties"]["NetworkConfiguration"]["NetworkMode"] = "MOON"
    assert "MOON" in lint(template)[0]


def test_everything_that_can_be_configured_is_in_the_template(project: Project) -> None:
    project.configure(
        """
[network]
subnets = ["subnet-0123456789abcdef0"]
security_groups = ["sg-0123456789abcdef0"]
[auth]
discovery_url = "https://issuer.example/.well-known/openid-configuration"
audience = ["agents"]
""",
        headers=["X-Tenant"],
        role="arn:aws:iam::123456789012:role/agent",
    )
    template = project.run("stack", "--template").json
    assert lint(template) == []
    assert "ExecutionRole" not in template["Resources"]
    runtime = template["Resources"]["Runtime"]["Properties"]
    assert runtime["RoleArn"] == "arn:aws:iam::123456789012:role/agent"
    assert runtime["NetworkConfiguration"]["NetworkModeConfig"]["Subnets"] == ["subnet-0123456789abcdef0"]
    assert runtime["RequestHeaderConfiguration"] == {"RequestHeaderAllowlist": ["X-Tenant"]}
    assert runtime["AuthorizerConfiguration"]["CustomJWTAuthorizer"]["AllowedAudience"] == ["agents"]
    assert runtime["EnvironmentVariables"]["MODEL_ID"]


def test_a_stack_that_fails_says_which_resource_and_why(project: Project, cloud: Emulator) -> None:
    cloud.faults.add("CreateAgentRuntime", "ServiceQuotaExceededException", "too many runtimes")
    failed = project.run("stack")
    assert failed.code == 1
    assert "The stack my-agent is ROLLBACK_COMPLETE: Runtime: " in failed.err
    assert "too many runtimes" in failed.err
    assert project.run("stack").code == 0
