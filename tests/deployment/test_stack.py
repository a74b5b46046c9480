"""The template of the stack: valid, and it says all that can be configured."""

import json
from typing import Any

import cfnlint.api
import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from .projects import Project

TOPIC = "arn:aws:sns:us-west-2:123456789012:alarms"
EVERYTHING = """
[network]
subnets = ["subnet-0123456789abcdef0"]
security_groups = ["sg-0123456789abcdef0"]
[storage]
session = "/mnt/session"
efs = [{ arn = "ELASTICFILESYSTEM:access-point/fsap-0123456789abcdef0", path = "/mnt/a" }]
s3 = [{ arn = "S3FILES:file-system/fs-0123456789abcdef0/access-point/fsap-0123456789abcdef0", path = "/mnt/b" }]
[auth]
discovery_url = "https://issuer.example/.well-known/openid-configuration"
audience = ["agents"]
clients = ["web"]
scopes = ["chat"]
[[auth.claims]]
InboundTokenClaimName = "team"
InboundTokenClaimValueType = "STRING"
AuthorizingClaimMatchValue = { ClaimMatchOperator = "EQUALS", ClaimMatchValue = { MatchValueString = "search" } }
"""
for service in ("elasticfilesystem", "s3files"):
    EVERYTHING = EVERYTHING.replace(f"{service.upper()}:", f"arn:aws:{service}:us-west-2:123456789012:")


def lint(template: Any) -> list[str]:
    config = cfnlint.ManualArgs(regions=["us-west-2"])
    return [str(match) for match in cfnlint.api.lint(json.dumps(template), config=config)]


def plan(project: Project) -> Any:
    return project.run("deploy", "--dry-run", "--json").json


@pytest.fixture
def everything(project: Project) -> Any:
    project.configure(EVERYTHING, headers=["X-Tenant"])
    return plan(project)["template"]


def test_the_template_is_valid(project: Project) -> None:
    project.configure(alarm_topic=TOPIC)
    found = plan(project)
    assert lint(found["template"]) == []
    given = {each["ParameterKey"]: each["ParameterValue"] for each in found["parameters"]}
    assert given == {"Name": "my_agent", "Role": "", "PermissionsBoundary": "", "AlarmTopic": TOPIC}
    found["template"]["Resources"]["Runtime"]["Properties"]["NetworkConfiguration"]["NetworkMode"] = "MOON"
    assert "MOON" in lint(found["template"])[0]


def test_everything_that_can_be_configured_is_in_the_template(everything: Any) -> None:
    assert lint(everything) == []
    runtime = everything["Resources"]["Runtime"]["Properties"]
    assert runtime["NetworkConfiguration"]["NetworkModeConfig"]["Subnets"] == ["subnet-0123456789abcdef0"]
    assert runtime["RequestHeaderConfiguration"] == {"RequestHeaderAllowlist": ["X-Tenant"]}
    rules = runtime["AuthorizerConfiguration"]["CustomJWTAuthorizer"]
    assert (rules["AllowedAudience"], rules["CustomClaims"][0]["InboundTokenClaimName"]) == (["agents"], "team")
    assert [next(iter(each)) for each in runtime["FilesystemConfigurations"]] == [
        *("SessionStorage", "EfsAccessPoint", "S3FilesAccessPoint"),
    ]
    assert runtime["EnvironmentVariables"]["MODEL_ID"]


def test_deploy_toml_or_the_readme_names_every_property_that_a_runtime_has(project: Project, everything: Any) -> None:
    """A property that CloudFormation learns is noticed here."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", "AWS::BedrockAgentCore::Runtime").schema
    read_only = {pointer.rpartition("/")[2] for pointer in schema["readOnlyProperties"]}
    given = everything["Resources"]["Runtime"]["Properties"]
    readme = (project.path / "README.md").read_text()
    unnamed = {name for name in set(schema["properties"]) - read_only - set(given) if f"`{name}`" not in readme}
    assert unnamed - {"Tags"} == set()  # tags are the stack's
    jwt = set(schema["definitions"]["CustomJWTAuthorizerConfiguration"]["properties"])
    known = set(given["AuthorizerConfiguration"]["CustomJWTAuthorizer"])
    assert {name for name in jwt - known if f"`{name}`" not in readme} == set()
    kinds = set(schema["definitions"]["FilesystemConfiguration"]["properties"])
    mounted = {name for each in given["FilesystemConfigurations"] for name in each}
    assert {name for name in kinds - mounted if f"`{name}`" not in readme} == set()


def test_resources_and_parameters_of_your_own_are_deployed_too(project: Project) -> None:
    file = project.path / "deploy" / "stack.yaml"
    text = file.read_text().replace("Parameters:\n", "Parameters:\n  TableName: {Type: String}\n", 1)
    table = "  Notes: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref TableName}}\n"
    file.write_text(text.replace("Resources:\n", f"Resources:\n{table}", 1))
    project.configure('[parameters]\nTableName = "notes-of-my-agent"\n')
    found = plan(project)
    assert lint(found["template"]) == []
    assert {"ParameterKey": "TableName", "ParameterValue": "notes-of-my-agent"} in found["parameters"]
