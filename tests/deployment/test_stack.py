"""The template of the stack: valid, and it says all that can be configured."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import cfnlint.api
import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from .everything import configured
from .projects import Project

TOPIC = "arn:aws:sns:us-west-2:123456789012:alarms"


def lint(template: Any) -> list[str]:
    config = cfnlint.ManualArgs(regions=["us-west-2"])
    return [str(match) for match in cfnlint.api.lint(json.dumps(template), config=config)]


def plan(project: Project) -> Any:
    return project.run("deploy", "--dry-run", "--json").json


@pytest.fixture
def everything(variant: Callable[..., Project]) -> tuple[Project, Any]:
    """A project that has everything configured, and its template."""
    project = configured(variant, {})
    return project, plan(project)["template"]


def test_the_template_is_valid(project: Project) -> None:
    project.configure(alarm_topic=TOPIC)
    found = plan(project)
    assert lint(found["template"]) == []
    given = {each["ParameterKey"]: each["ParameterValue"] for each in found["parameters"]}
    assert given == {"Name": "my_agent", "Role": "", "PermissionsBoundary": "", "AlarmTopic": TOPIC}
    found["template"]["Resources"]["Runtime"]["Properties"]["NetworkConfiguration"]["NetworkMode"] = "MOON"
    assert "MOON" in lint(found["template"])[0]


def test_everything_that_can_be_configured_is_in_the_template(everything: tuple[Project, Any]) -> None:
    _, template = everything
    assert lint(template) == []
    runtime = template["Resources"]["Runtime"]["Properties"]
    assert runtime["NetworkConfiguration"]["NetworkModeConfig"]["Subnets"] == ["subnet-0123456789abcdef0"]
    assert runtime["RequestHeaderConfiguration"] == {"RequestHeaderAllowlist": ["X-Tenant"]}
    rules = runtime["AuthorizerConfiguration"]["CustomJWTAuthorizer"]
    assert (rules["AllowedAudience"], rules["CustomClaims"][0]["InboundTokenClaimName"]) == (["agents"], "team")
    assert [next(iter(each)) for each in runtime["FilesystemConfigurations"]] == [
        *("SessionStorage", "EfsAccessPoint", "S3FilesAccessPoint"),
    ]
    assert runtime["EnvironmentVariables"]["MODEL_ID"]


def unnamed(kind: str, given: Any, readme: str) -> set[str]:
    """The paths of properties, at any depth, that neither a template gives nor a README calls left out."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", kind).schema
    read_only = {pointer.removeprefix("/properties/") for pointer in schema["readOnlyProperties"]}
    return set(_unnamed(schema, schema, [given], "", readme)) - read_only - {"Tags"}  # tags are the stack's


def _unnamed(schema: Any, shape: Any, given: list[Any], path: str, readme: str) -> Iterator[str]:
    while "$ref" in shape:
        shape = schema["definitions"][shape["$ref"].rpartition("/")[2]]
    if "items" in shape:
        yield from _unnamed(schema, shape["items"], [item for each in given for item in each], path, readme)
    for name, inner in shape.get("properties", {}).items():
        values = [each[name] for each in given if name in each]
        if values:
            yield from _unnamed(schema, inner, values, f"{path}{name}/", readme)
        elif f"`{name}`" not in readme:
            yield f"{path}{name}"


def test_deploy_toml_or_the_readme_names_every_property_that_a_runtime_has(everything: tuple[Project, Any]) -> None:
    """A property that CloudFormation learns is noticed here."""
    project, template = everything
    readme = (project.path / "README.md").read_text()
    given = template["Resources"]["Runtime"]["Properties"]
    given["AgentRuntimeArtifact"]["ContainerConfiguration"] = {"ContainerUri": "the other artifact's"}
    assert unnamed("AWS::BedrockAgentCore::Runtime", given, readme) == set()
    endpoint = template["Resources"]["Endpoint"]["Properties"]
    assert unnamed("AWS::BedrockAgentCore::RuntimeEndpoint", endpoint, readme) == set()
    del given["AuthorizerConfiguration"]["CustomJWTAuthorizer"]["AllowedScopes"]
    forgotten = {"AuthorizerConfiguration/CustomJWTAuthorizer/AllowedScopes"}
    assert unnamed("AWS::BedrockAgentCore::Runtime", given, readme) == forgotten


def test_deploy_toml_or_the_readme_names_every_property_that_a_memory_has(variant: Callable[..., Project]) -> None:
    project = variant(memory="agentcore")
    given = plan(project)["template"]["Resources"]["Memory"]["Properties"]
    readme = (project.path / "README.md").read_text()
    assert unnamed("AWS::BedrockAgentCore::Memory", given, readme) == set()


def test_what_only_the_api_has_is_told_to_wait_for_cloudformation(project: Project) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", "AWS::BedrockAgentCore::Runtime").schema
    control: Any = boto3.client("bedrock-agentcore-control")
    api = set(control.meta.service_model.operation_model("CreateAgentRuntime").input_shape.members)
    later = {name for name in api - {"clientToken"} if name[0].upper() + name[1:] not in schema["properties"]}
    readme = (project.path / "README.md").read_text()
    assert {name for name in later if f"`{name}`" not in readme} == set()


def test_resources_and_parameters_of_your_own_are_deployed_too(project: Project) -> None:
    file = project.path / "deploy" / "stack.yaml"
    text = file.read_text().replace("Parameters:\n", "Parameters:\n  TableName: {Type: String}\n", 1)
    table = "  Notes: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref TableName}}\n"
    file.write_text(text.replace("Resources:\n", f"Resources:\n{table}", 1))
    project.configure('[parameters]\nTableName = "notes-of-my-agent"\n')
    found = plan(project)
    assert lint(found["template"]) == []
    assert {"ParameterKey": "TableName", "ParameterValue": "notes-of-my-agent"} in found["parameters"]
