"""`kms_key`: what the stack keeps is under a key of the company's, and everybody who must use the key may."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import cfnlint.api
import pytest

from tests.emulators.agentcore import Emulator
from tests.emulators.stacks import CloudFormation

from .iam_lint import findings
from .projects import Project
from .test_stack import lint

ROOT = {"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
LOGS = {
    "Sid": "Logs",
    "Effect": "Allow",
    "Principal": {"Service": "logs.us-west-2.amazonaws.com"},
    "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
    "Resource": "*",
}


def key(*statements: Any) -> str:
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    arn: str = boto3.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    return arn


def log_keys() -> set[str | None]:
    return {each.get("kmsKeyId") for each in boto3.client("logs").describe_log_groups()["logGroups"]}


def test_packages_and_logs_are_under_the_key(project: Project, cloud: Emulator, stacks: CloudFormation) -> None:
    arn = key(ROOT, LOGS)
    assert project.run("deploy", "--no-check").code == 0
    assert log_keys() == {None}
    project.configure(kms_key=arn)
    assert project.run("deploy", "--no-check", "--json").json["changed"] is True
    assert log_keys() == {arn}
    bucket = stacks.stacks["my-agent-artifacts"].resources["Bucket"].physical_id
    rules = boto3.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    assert rules[0]["BucketKeyEnabled"] is True
    assert project.run("deploy", "--no-check", "--json").json["changed"] is False

    project.configure(kms_key=key(ROOT, LOGS))
    assert project.run("deploy", "--no-check", "--json").json["changed"] is True
    assert log_keys() != {arn}
    file = project.path / "deploy.toml"
    file.write_text("\n".join(line for line in file.read_text().splitlines() if not line.startswith("kms_key")))
    assert project.run("deploy", "--no-check", "--json").json["changed"] is True
    assert log_keys() == {None}
    rules = boto3.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_the_bucket_takes_requests_over_tls_only(project: Project, stacks: CloudFormation) -> None:
    assert project.run("deploy", "--no-check").code == 0
    (policy,) = stacks.engine.types["AWS::S3::BucketPolicy"].kept.values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_key_that_the_log_may_not_use_is_told(project: Project, cloud: Emulator) -> None:
    project.configure(kms_key=key(ROOT))
    done = project.run("deploy", "--no-check")
    assert (done.code, "may not be used by CloudWatch Logs" in done.err) == (1, True)
    assert "streamplate doctor --aws" in done.err


@pytest.mark.parametrize("bad", ["alias/agents", "arn:aws:kms:us-west-2:123456789012:alias/agents"])
def test_an_alias_is_no_key(project: Project, bad: str) -> None:
    project.configure(kms_key=bad)
    assert "`kms_key`: " in project.run("deploy", "--dry-run").err


def test_who_needs_the_key_may_use_it_through_its_service_only(variant: Callable[..., Project]) -> None:
    arn = "arn:aws:kms:us-west-2:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    project = variant(deployment=["code-zip", "container"], memory="agentcore")
    without = project.run("deploy", "--dry-run", "--json").json
    assert "kms:" not in json.dumps(without["policies"])
    project.configure(kms_key=arn, cloudformation_role="arn:aws:iam::123456789012:role/stacks")
    plan = project.run("deploy", "--dry-run", "--json").json
    assert lint(plan["template"]) == []
    assert {"ParameterKey": "KmsKey", "ParameterValue": arn} in plan["parameters"]
    services = {}
    for who, policy in plan["policies"].items():
        assert findings(policy) == []
        uses = [each for each in policy["Statement"] if each["Action"][0].startswith("kms:")]
        assert all(each["Resource"] == [arn] for each in uses)
        services[who] = {each["Condition"]["StringEquals"]["kms:ViaService"].split(".")[0] for each in uses}
    assert services == {
        "execution role": {"secretsmanager", "bedrock-agentcore"},
        "its trust": set(),
        "who deploys": {"s3"},
        "who calls": set(),
        "CloudFormation's role": {"s3", "ecr", "bedrock-agentcore"},
    }


def test_memory_and_images_are_under_the_key(variant: Callable[..., Project], cloud: Emulator) -> None:
    project = variant(deployment=["container"], memory="agentcore")
    arn = key(ROOT, LOGS)
    project.configure(kms_key=arn)
    assert project.run("deploy", "--no-check").code == 0
    (repository,) = boto3.client("ecr").describe_repositories()["repositories"]
    assert repository["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": arn}
    control: Any = boto3.client("bedrock-agentcore-control")
    (memory,) = cloud.memory.memories
    assert control.get_memory(memoryId=memory)["memory"]["encryptionKeyArn"] == arn


def test_the_stack_of_packages_is_valid(project: Project, stacks: CloudFormation) -> None:
    project.configure(kms_key=key(ROOT, LOGS))
    assert project.run("deploy", "--no-check").code == 0
    body = json.dumps(stacks.stacks["my-agent-artifacts"].template)
    assert [str(each) for each in cfnlint.api.lint(body, config=cfnlint.ManualArgs(regions=["us-west-2"]))] == []
