"""The agent in Terraform: valid by the providers' schemas, and the same stack as CloudFormation's."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.emulators.agentcore.state import Runtime
from tests.terraform import provider as fake

from .everything import configured
from .projects import Project

Json = dict[str, Any]
pytestmark = pytest.mark.skipif(not shutil.which("terraform"), reason="needs Terraform")
ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:alarms"
MOCKS = """
mock_provider "aws" {
  override_during = plan
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "ExecutionRole.Arn" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { id = "Bucket", bucket = "my-agent-artifacts", arn = "Bucket.Arn" }
  }
}
mock_provider "awscc" {
  override_during = plan
  mock_data "awscc_bedrockagentcore_runtime" {
    defaults = { agent_runtime_version = "Runtime.AgentRuntimeVersion" }
  }
  mock_resource "awscc_bedrockagentcore_runtime" {
    defaults = { agent_runtime_arn = "Runtime.AgentRuntimeArn", agent_runtime_id = "Runtime.AgentRuntimeId" }
  }
  mock_resource "awscc_bedrockagentcore_memory" {
    defaults = { memory_id = "Memory.MemoryId" }
  }
}
run "plan" {
  command = plan
}
run "again" {
  command = plan
}
"""
ALARM = """
override_resource {{
  target          = {}
  values          = {{ arn = "{}.Arn" }}
  override_during = plan
}}
"""
"""What AWS would answer with is called as CloudFormation refers to it."""

RESOURCES = {
    "ExecutionRole": "aws_iam_role.agent[0]",
    "Runtime": "awscc_bedrockagentcore_runtime.agent",
    "Endpoint": "awscc_bedrockagentcore_runtime_endpoint.prod",
    "Memory": "awscc_bedrockagentcore_memory.agent[0]",
    "SystemErrorsAlarm": 'aws_cloudwatch_metric_alarm.agentcore["SystemErrors"]',
    "UserErrorsAlarm": 'aws_cloudwatch_metric_alarm.agentcore["UserErrors"]',
    "ThrottlesAlarm": 'aws_cloudwatch_metric_alarm.agentcore["Throttles"]',
    "FailedRunsAlarm": 'aws_cloudwatch_metric_alarm.sums["FailedRuns"]',
    "SlowFirstTextAlarm": "aws_cloudwatch_metric_alarm.slow_first_text",
    "TokensAlarm": 'aws_cloudwatch_metric_alarm.sums["Tokens"]',
    "Dashboard": "aws_cloudwatch_dashboard.agent[0]",
    "Bucket": "aws_s3_bucket.packages[0]",
    "BucketPolicy": "aws_s3_bucket_policy.packages[0]",
}
"""Terraform's addresses of what the stack and that of its packages have."""

ONLY_HERE = {
    "aws_iam_role_policy.agent[0]",
    "aws_s3_bucket_lifecycle_configuration.packages[0]",
    "aws_s3_bucket_public_access_block.packages[0]",
    "aws_s3_bucket_server_side_encryption_configuration.packages[0]",
    "aws_s3_object.package[0]",
    "data.awscc_bedrockagentcore_runtime.agent",
    "terraform_data.logs",
}
"""Properties of other resources in CloudFormation, or work of `uv run deploy`: it uploads packages and keeps logs."""

STACKS = """
import json
from deploy import config, template
found, agent = template.load("artifacts.yaml", config.load()), json.loads(input())
body = {part: agent["template"][part] | found.get(part, {}) for part in ("Conditions", "Resources", "Parameters")}
given = template.parameters(body, config.load())
print(json.dumps({"template": body, "values": {each["ParameterKey"]: each["ParameterValue"] for each in given}}))
"""


class Stack:
    """A CloudFormation template with the values that its functions have."""

    def __init__(self, template: Json, values: Json) -> None:
        defaults = {name: each.get("Default", "") for name, each in template["Parameters"].items()}
        self.template, self.values = template, defaults | values | {"AWS::Region": "us-west-2", "AWS::NoValue": None}
        self.values |= {"AWS::AccountId": ACCOUNT, "AWS::Partition": "aws"}

    def resources(self) -> Json:
        found = self.template["Resources"]
        made = {name: each for name, each in found.items() if self.holds(each.get("Condition"))}
        return {name: self.value(each["Properties"]) for name, each in made.items()}

    def holds(self, condition: str | None) -> bool:
        return condition is None or bool(self.value(self.template["Conditions"][condition]))

    def value(self, given: Any) -> Any:
        if isinstance(given, list):
            return [self.value(each) for each in given]
        if not isinstance(given, dict):
            return given
        (name, argument), *more = given.items() or [("", None)]
        if not more and (name == "Ref" or name.startswith("Fn::")):
            return self.function(name.removeprefix("Fn::"), argument)
        found = {name: self.value(each) for name, each in given.items()}
        return {name: each for name, each in found.items() if each is not None}

    def function(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self.values.get(argument, argument)
            case "GetAtt":
                return ".".join(argument)
            case "Sub":
                return re.sub(r"\$\{([\w.:]+)\}", lambda match: str(self.values.get(match[1], match[1])), argument)
            case "If":
                return self.value(argument[1 if self.holds(argument[0]) else 2])
            case "Equals":
                return str(self.value(argument[0])) == str(self.value(argument[1]))
            case "Not":
                return not self.value(argument[0])
        raise AssertionError(name)


def snake(value: Any, name: str = "") -> Any:
    """CloudFormation's properties under the names that Terraform's provider has made of them."""
    if isinstance(value, list):
        return [snake(each) for each in value]
    if not isinstance(value, dict) or name == "EnvironmentVariables":
        return value
    return {_word(key): snake(each, key) for key, each in value.items()}


def _word(name: str) -> str:
    return re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def role(given: Json) -> Json:
    names = {"name": "RoleName", "description": "Description", "permissions_boundary": "PermissionsBoundary"}
    return {name: given[each] for name, each in names.items()} | {
        "assume_role_policy": given["AssumeRolePolicyDocument"]
    }


def alarm(given: Json) -> Json:
    metrics = [_query(each) for each in given.pop("Metrics", [])]
    sizes = {each["Name"]: each["Value"] for each in given.pop("Dimensions", [])}
    odd = {"evaluate_low_sample_count_percentiles": given.pop("EvaluateLowSampleCountPercentile", None)}
    odd["threshold"] = float(given.pop("Threshold"))  # a parameter is text
    return snake(given) | odd | {"metric_query": sorted(metrics, key=itemgetter("id")), "dimensions": sizes}


def _query(given: Json) -> Json:
    found = {_word(name): each for name, each in given.items() if name != "MetricStat"}
    stat = given.get("MetricStat")
    metric = snake(stat["Metric"]) | {"period": stat["Period"], "stat": stat["Stat"]} if stat else None
    return {"return_data": True} | found | ({"metric": [metric]} if metric else {})


FORMS: dict[str, Callable[[Json], Json]] = {
    "aws_iam_role": role,
    "aws_cloudwatch_metric_alarm": alarm,
    "aws_cloudwatch_dashboard": lambda given: snake(given) | {"dashboard_body": json.loads(given["DashboardBody"])},
    "aws_s3_bucket": lambda given: {"bucket_prefix": "my-agent-artifacts-", "force_destroy": True},
    "aws_s3_bucket_policy": lambda given: {"bucket": given["Bucket"], "policy": given["PolicyDocument"]},
}
"""How Terraform says what CloudFormation says. AgentCore's own resources have the same properties."""


def written(planned: Json) -> Json:
    """What the files set: no nulls, tags, or values of the service; JSON is read."""
    mocked = {"arn", "id", "tags"}
    mocked |= {"agent_runtime_arn", "agent_runtime_id"} if "agent_runtime_artifact" in planned else set()
    mocked |= {"bucket", "object_lock_enabled"} if "bucket_prefix" in planned else {"memory_id"}
    found = {name: each for name, each in bare(planned).items() if name not in mocked}
    for name in ("assume_role_policy", "policy", "dashboard_body"):
        if name in found:
            found[name] = json.loads(found[name])
    if "metric_query" in found:
        found["metric_query"] = sorted(found["metric_query"], key=itemgetter("id"))
    return found


def bare(value: Any) -> Any:
    """Without what is null or empty."""
    if isinstance(value, dict):
        found = {name: bare(each) for name, each in value.items()}
        return {name: found[name] for name in sorted(found) if found[name] not in (None, [], {})}
    return [bare(each) for each in value] if isinstance(value, list) else value


@pytest.fixture
def terraform(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Terraform with providers that are nothing but schemas."""
    lines = []
    for address in ("hashicorp/aws", "hashicorp/awscc"):
        folder = tmp_path / "providers" / address
        folder.mkdir(parents=True)
        program = folder / f"terraform-provider-{folder.name}"
        program.write_text(f"#!/bin/sh\nexec {sys.executable} {fake.__file__} registry.terraform.io/{address}\n")
        program.chmod(0o755)
        lines.append(f'    "{address}" = "{folder}"\n')
    settings = tmp_path / "terraform.rc"
    settings.write_text("provider_installation {\n  dev_overrides {\n" + "".join(lines) + "  }\n}\n")
    env = os.environ | {"TF_CLI_CONFIG_FILE": str(settings), "TF_DISABLE_PLUGIN_TLS": "1"}

    def run(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
        where = project.path / "deploy" / "terraform"
        return subprocess.run(
            ["terraform", *arguments], cwd=where, env=env, capture_output=True, text=True, timeout=120
        )

    return run


def planned(terraform: Callable[..., subprocess.CompletedProcess[str]], project: Project) -> dict[str, Json]:
    """The planned values of every resource, by its address."""
    alarms = [ALARM.format(each, name) for name, each in RESOURCES.items() if name.endswith("Alarm")]
    (project.path / "deploy" / "terraform" / "plan.tftest.hcl").write_text("".join([MOCKS, *alarms]))
    done = terraform(project, "test", "-json", "-verbose")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, [row.get("diagnostic") for row in rows]
    plans = [row["test_plan"]["resource_changes"] for row in rows if row["type"] == "test_plan"]
    one, other = ({each["address"]: each["change"]["after"] for each in plan} for plan in plans)
    return {address: same(one[address], other[address]) for address in one}


def same(one: Any, other: Any) -> Any:
    """What both have. Where two plans differ, Terraform has made a value up."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: same(one[name], other[name]) for name in one}
    if isinstance(one, list) and isinstance(other, list):
        return [same(*each) for each in zip(one, other, strict=True)]
    return one if one == other else None


@pytest.mark.parametrize("memory", ["none", "agentcore"])
def test_the_files_are_formatted_and_valid(
    terraform: Callable[..., Any], variant: Callable[..., Project], memory: str
) -> None:
    project = variant(deployment=["terraform"], memory=memory, locked=False)
    formatted = terraform(project, "fmt", "-check", "-diff")
    assert formatted.returncode == 0, formatted.stdout
    valid = terraform(project, "validate", "-no-color")
    assert valid.returncode == 0, valid.stderr


def test_what_the_schema_does_not_have_is_found(terraform: Callable[..., Any], variant: Callable[..., Project]) -> None:
    project = variant(deployment=["terraform"], locked=False)
    file = project.path / "deploy" / "terraform" / "alarms.tf"
    file.write_text(file.read_text().replace("treat_missing_data ", "treat_missing_dato ", 1))
    refused = terraform(project, "validate", "-no-color")
    assert refused.returncode == 1 and '"treat_missing_dato" is not expected here' in refused.stderr


def test_it_is_the_stack_of_uv_run_deploy(terraform: Callable[..., Any], variant: Callable[..., Project]) -> None:
    answers = {"deployment": ["code-zip", "terraform"], "memory": "agentcore"}
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    project = configured(variant, answers, alarm_topic=TOPIC, kms_key=KEY, permissions_boundary=boundary)
    assert project.run("terraform_values", "--json").json["name"] == "my_agent"
    plan = planned(terraform, project)
    shown = project.run("deploy", "--dry-run", "--json")
    command = [project.python, "-c", STACKS]
    done = subprocess.run(
        command, cwd=project.path, input=json.dumps(shown.json), capture_output=True, text=True, check=True
    )
    stack = Stack(**json.loads(done.stdout)).resources()

    assert {RESOURCES[name] for name in stack} == set(plan) - ONLY_HERE
    for name, given in stack.items():
        kind = RESOURCES[name].partition(".")[0]
        wanted = FORMS.get(kind, snake)(dict(given))
        assert written(plan[RESOURCES[name]]) == bare(wanted), name
    assert (
        written(plan["aws_iam_role_policy.agent[0]"])["policy"]
        == stack["ExecutionRole"]["Policies"][0]["PolicyDocument"]
    )
    for name in ("Runtime", "Endpoint", "Memory"):  # the others have the provider's default_tags
        assert plan[RESOURCES[name]]["tags"] == {"project": "my-agent", "managed-by": "my-agent/terraform"}
    bucket = stack["Bucket"]
    access = snake(bucket["PublicAccessBlockConfiguration"]) | {"bucket": "Bucket"}
    assert plan["aws_s3_bucket_public_access_block.packages[0]"].items() >= access.items()
    [rule] = plan["aws_s3_bucket_server_side_encryption_configuration.packages[0]"]["rule"]
    [wanted] = snake(bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"])
    assert rule["apply_server_side_encryption_by_default"] == [wanted["server_side_encryption_by_default"]]
    assert rule["bucket_key_enabled"] is wanted["bucket_key_enabled"] is True


def test_what_you_have_already_is_used(terraform: Callable[..., Any], variant: Callable[..., Project]) -> None:
    project = variant(deployment=["terraform"], memory="agentcore")
    role = f"arn:aws:iam::{ACCOUNT}:role/agent"
    project.configure(role=role, bucket="packages", memory="conversations-AbCdEf1234")
    assert project.run("terraform_values", "--json").json["name"] == "my_agent"
    plan = planned(terraform, project)
    assert not [
        address for address in plan if address.startswith(("aws_iam", "aws_s3_bucket", "awscc_bedrockagentcore_m"))
    ]
    runtime = plan["awscc_bedrockagentcore_runtime.agent"]
    assert runtime["role_arn"] == role
    assert runtime["environment_variables"]["MEMORY_ID"] == "conversations-AbCdEf1234"
    assert runtime["agent_runtime_artifact"]["code_configuration"]["code"]["s3"]["bucket"] == "packages"


def test_the_commands_know_what_terraform_made(variant: Callable[..., Project], older: Runtime) -> None:
    project = variant(deployment=["terraform"])
    older.tags["managed-by"] = "my-agent/terraform"
    shown = project.run("status", "--json").json
    assert shown["arn"] == older.arn and shown["stack"] is None and shown["drift"] == []
    for command in ("deploy", "destroy"):
        refused = project.run(command, "--yes")
        assert refused.code == 1 and "did not make it" in refused.err

    project.run("terraform_values", "--keep-logs", older.id)
    groups = boto3.client("logs").describe_log_groups()["logGroups"]
    assert {each["logGroupName"].rpartition("-")[2]: each["retentionInDays"] for each in groups} == {
        "DEFAULT": 30,
        "prod": 30,
    }
