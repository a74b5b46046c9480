"""What a release before 0.5 deployed, call by call, becomes part of the stack: nothing is orphaned or made anew."""

import boto3

from tests.emulators.agentcore import Emulator
from tests.emulators.agentcore.state import Runtime
from tests.emulators.stacks import CloudFormation

from .projects import Project


def test_a_runtime_of_an_earlier_release_is_taken_over(
    project: Project, cloud: Emulator, stacks: CloudFormation, older: Runtime
) -> None:
    refused = project.run("deploy", "--no-check", answer="n\n")
    assert (refused.code, "the stack my-agent takes it over" in refused.err) == (1, True)
    assert "my-agent" not in stacks.stacks

    done = project.run("deploy", "--no-check", "--yes")
    assert done.code == 0, done.err
    assert "packages in s3://agentcore-code-123456789012-us-west-2/my_agent/" in done.err
    assert list(cloud.account.runtimes.values()) == [older]
    assert older.latest.number == "2"
    assert older.endpoints["prod"].live == "1"
    assert older.latest.config["environmentVariables"]["MODEL_ID"]
    assert set(stacks.stacks["my-agent"].resources) >= {"Runtime", "ExecutionRole", "Endpoint", "UserErrorsAlarm"}
    assert boto3.client("iam").list_role_policies(RoleName="my_agent-us-west-2")["PolicyNames"] == ["agent"]
    assert project.run("status", "--json").json["drift"] == []
    assert project.run("destroy", "--yes").code == 0
    assert not cloud.account.runtimes
    assert not boto3.client("iam").list_roles()["Roles"]


def test_endpoints_that_the_stack_does_not_have_are_named(project: Project, cloud: Emulator, older: Runtime) -> None:
    boto3.client("bedrock-agentcore-control").create_agent_runtime_endpoint(
        agentRuntimeId=older.id, name="canary", agentRuntimeVersion="1"
    )
    refused = project.run("deploy", "--yes")
    assert (refused.code, "deploy/stack.yaml lacks the endpoints canary." in refused.err) == (1, True)


def test_what_is_not_taken_over_yet_is_not_forgotten_by_destroy(project: Project, older: Runtime) -> None:
    refused = project.run("destroy", "--yes")
    assert refused.code == 1
    assert f"{older.id} was deployed by an earlier release, and is in no stack." in refused.err
