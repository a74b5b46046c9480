"""The emulated CloudFormation, driven with boto3."""

import json
import re
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.emulators.agentcore import Emulator
from tests.emulators.stacks import CloudFormation

from .agents import STANDARD_LIBRARY, package

Json = dict[str, Any]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "bedrock-agentcore.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {}}


def role(**properties: Any) -> Json:
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, **properties}}


def runtime(**properties: Any) -> Json:
    code = {"Code": {"S3": {"Bucket": "packages", "Prefix": "agent.zip"}}}
    artifact = {"CodeConfiguration": code | {"Runtime": "PYTHON_3_13", "EntryPoint": ["main.py"]}}
    given = {"AgentRuntimeName": "agent", "AgentRuntimeArtifact": artifact, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
    return {"Type": "AWS::BedrockAgentCore::Runtime", "Properties": given | properties}


ENDPOINT = {
    "Type": "AWS::BedrockAgentCore::RuntimeEndpoint",
    "Properties": {
        "AgentRuntimeId": {"Fn::GetAtt": ["Runtime", "AgentRuntimeId"]},
        "AgentRuntimeVersion": {"Fn::GetAtt": ["Runtime", "AgentRuntimeVersion"]},
        "Name": "prod",
    },
}
AGENT = {"Role": role(RoleName="agent"), "Runtime": runtime(), "Endpoint": ENDPOINT}


@pytest.fixture(autouse=True)
def uploaded(cloud: Emulator) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="packages", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="packages", Key="agent.zip", Body=package({"main.py": STANDARD_LIBRARY}))


def change_set(resources: Json, kind: str = "UPDATE", **more: Any) -> Json:
    """A change set, worked out."""
    client = boto3.client("cloudformation")
    body = json.dumps({"Resources": resources} | more.pop("template", {}))
    request = {"StackName": "agent", "ChangeSetName": "one", "TemplateBody": body, "ChangeSetType": kind}
    made = client.create_change_set(**request, **{"Capabilities": ["CAPABILITY_NAMED_IAM"]} | more)
    while (found := client.describe_change_set(ChangeSetName=made["Id"]))["Status"].endswith(("PROGRESS", "PENDING")):
        time.sleep(0.01)
    return dict(found)


def stack() -> Json:
    """The stack, settled."""
    client = boto3.client("cloudformation")
    while (found := client.describe_stacks(StackName="agent")["Stacks"][0])["StackStatus"].endswith("PROGRESS"):
        time.sleep(0.01)
    return dict(found)


def deploy(resources: Json, kind: str = "UPDATE", **more: Any) -> Json:
    wanted = change_set(resources, kind, **more)
    assert wanted["Status"] == "CREATE_COMPLETE", wanted["StatusReason"]
    boto3.client("cloudformation").execute_change_set(ChangeSetName=wanted["ChangeSetId"])
    return stack()


def changes(found: Json) -> list[tuple[str, str, str | None]]:
    rows = [each["ResourceChange"] for each in found["Changes"]]
    return [(each["Action"], each["LogicalResourceId"], each.get("Replacement")) for each in rows]


def reasons() -> list[str]:
    events = boto3.client("cloudformation").describe_stack_events(StackName="agent")["StackEvents"]
    return [each["ResourceStatusReason"] for each in events if each["ResourceStatus"].endswith("_FAILED")]


def delete() -> None:
    client = boto3.client("cloudformation")
    client.delete_stack(StackName="agent")
    with pytest.raises(ClientError, match="does not exist"):
        while True:
            stack()
            time.sleep(0.01)


def test_a_stack_is_reviewed_made_changed_and_deleted(stacks: CloudFormation, cloud: Emulator) -> None:
    outputs = {"Outputs": {"version": {"Value": {"Fn::GetAtt": ["Runtime", "AgentRuntimeVersion"]}}}}
    first = change_set(AGENT, "CREATE", template=outputs)
    assert changes(first) == [("Add", "Role", None), ("Add", "Runtime", None), ("Add", "Endpoint", None)]
    assert stacks.stacks["agent"].status == "REVIEW_IN_PROGRESS"
    assert not cloud.account.runtimes
    boto3.client("cloudformation").execute_change_set(ChangeSetName=first["ChangeSetId"])
    made = stack()
    assert (made["StackStatus"], made["Outputs"][0]["OutputValue"]) == ("CREATE_COMPLETE", "1")

    same = change_set(AGENT, template=outputs)
    assert (same["Status"], "didn't contain changes" in same["StatusReason"]) == ("FAILED", True)
    boto3.client("cloudformation").delete_change_set(ChangeSetName="one", StackName="agent")

    second = change_set(AGENT | {"Runtime": runtime(Description="second")}, template=outputs)
    assert changes(second) == [("Modify", "Runtime", "False"), ("Modify", "Endpoint", "Conditional")]
    boto3.client("cloudformation").execute_change_set(ChangeSetName=second["ChangeSetId"])
    assert stack()["Outputs"][0]["OutputValue"] == "2"
    (one,) = cloud.account.runtimes.values()
    assert one.endpoints["prod"].live == "2"
    delete()
    assert not cloud.account.runtimes
    assert not boto3.client("iam").list_roles()["Roles"]


def test_what_the_schema_forbids_fails_the_resource(stacks: CloudFormation) -> None:
    made = deploy({"Role": role(), "Runtime": runtime(NetworkConfiguration={"NetworkMode": "MOON"})}, "CREATE")
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "'MOON' is not one of ['PUBLIC', 'VPC']" in reasons()[0]
    assert not boto3.client("iam").list_roles()["Roles"]
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        change_set({"Role": role()})


def test_an_update_that_fails_is_taken_back(stacks: CloudFormation, cloud: Emulator) -> None:
    deploy(AGENT, "CREATE")
    broken = {"Role": role(RoleName="agent", Description="new"), "Runtime": runtime(), "Bucket": BUCKET}
    broken["Runtime"]["Properties"]["AgentRuntimeArtifact"]["CodeConfiguration"]["EntryPoint"] = ["missing.py"]
    assert deploy(broken)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "entry point missing.py" in reasons()[-1]
    (one,) = cloud.account.runtimes.values()
    assert one.latest.status == "READY"
    assert one.latest.config["agentRuntimeArtifact"]["codeConfiguration"]["entryPoint"] == ["main.py"]
    assert {each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]} == {"packages"}
    assert deploy(AGENT | {"Runtime": runtime(Description="repaired")})["StackStatus"] == "UPDATE_COMPLETE"


def test_a_new_name_replaces(stacks: CloudFormation, cloud: Emulator) -> None:
    deploy(AGENT, "CREATE")
    wanted = change_set(AGENT | {"Runtime": runtime(AgentRuntimeName="other")})
    assert ("Modify", "Runtime", "True") in changes(wanted)
    boto3.client("cloudformation").execute_change_set(ChangeSetName=wanted["ChangeSetId"])
    assert stack()["StackStatus"] == "UPDATE_COMPLETE"
    assert [each.name for each in cloud.account.runtimes.values()] == ["other"]


def test_what_was_changed_elsewhere_is_drift_and_can_be_taken_back(stacks: CloudFormation, cloud: Emulator) -> None:
    deploy(AGENT, "CREATE")
    (one,) = cloud.account.runtimes.values()
    control = boto3.client("bedrock-agentcore-control")
    settings = {name: one.latest.config[name] for name in ("agentRuntimeArtifact", "roleArn")}
    settings["agentRuntimeArtifact"]["codeConfiguration"]["entryPoint"] = ["main.py", "main.py"]
    control.update_agent_runtime(agentRuntimeId=one.id, **settings)
    while control.get_agent_runtime(agentRuntimeId=one.id)["status"] != "READY":
        time.sleep(0.01)
    client = boto3.client("cloudformation")
    detection = client.detect_stack_drift(StackName="agent")["StackDriftDetectionId"]
    found = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    assert (found["DetectionStatus"], found["StackDriftStatus"]) == ("DETECTION_COMPLETE", "DRIFTED")
    drifts = client.describe_stack_resource_drifts(
        StackName="agent", StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
    )
    (difference,) = [each for row in drifts["StackResourceDrifts"] for each in row["PropertyDifferences"]][:1]
    assert difference["PropertyPath"] == "/AgentRuntimeArtifact"
    assert change_set(AGENT)["Status"] == "FAILED"
    client.delete_change_set(ChangeSetName="one", StackName="agent")
    assert deploy(AGENT, DeploymentMode="REVERT_DRIFT")["StackStatus"] == "UPDATE_COMPLETE"
    assert one.latest.config["agentRuntimeArtifact"]["codeConfiguration"]["entryPoint"] == ["main.py"]


def test_what_exists_is_imported(stacks: CloudFormation, cloud: Emulator) -> None:
    deploy(AGENT, "CREATE")
    kept = {name: each | {"DeletionPolicy": "Retain"} for name, each in AGENT.items()}
    deploy(kept | {"Bucket": BUCKET})
    delete()
    (one,) = cloud.account.runtimes.values()
    endpoint = f"{one.arn}/runtime-endpoint/prod"
    identifiers = {
        "Role": {"RoleName": "agent"},
        "Runtime": {"AgentRuntimeId": one.id},
        "Endpoint": {"AgentRuntimeEndpointArn": endpoint},
    }
    wanted = [
        {"ResourceType": AGENT[name]["Type"], "LogicalResourceId": name, "ResourceIdentifier": each}
        for name, each in identifiers.items()
    ]
    with pytest.raises(ClientError, match="DeletionPolicy"):
        change_set(AGENT, "IMPORT", ResourcesToImport=wanted)
    with pytest.raises(ClientError, match="cannot modify or add resources"):
        change_set(kept | {"Bucket": BUCKET}, "IMPORT", ResourcesToImport=wanted)
    assert deploy(kept, "IMPORT", ResourcesToImport=wanted)["StackStatus"] == "IMPORT_COMPLETE"
    updated = deploy(AGENT | {"Runtime": runtime(Description="ours now")}, Tags=[{"Key": "team", "Value": "search"}])
    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    assert (one.latest.config["description"], one.tags["team"]) == ("ours now", "search")


def test_a_bucket_that_is_not_empty_stays(stacks: CloudFormation) -> None:
    deploy({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full"}}}, "CREATE")
    boto3.client("s3").put_object(Bucket="full", Key="x", Body=b"x")
    boto3.client("cloudformation").delete_stack(StackName="agent")
    assert stack()["StackStatus"] == "DELETE_FAILED"
    assert "not empty" in reasons()[1]


@pytest.mark.parametrize(
    ("resources", "more", "message"),
    [
        ({"Role": role(RoleName="x")}, {"Capabilities": []}, r"Requires capabilities : \[CAPABILITY_NAMED_IAM\]"),
        ({"X": {"Type": "AWS::Nothing::Here"}}, {}, "Unrecognized resource types"),
        ({"Role": role(RoleName={"Ref": "Nobody"})}, {}, "Unresolved resource dependencies"),
        ({"Role": role(Description="x" * 60_000)}, {}, "more than 51200 bytes"),
        ({"Bucket": BUCKET}, {"Parameters": [{"ParameterKey": "X", "ParameterValue": "1"}]}, "do not exist"),
        ({"Bucket": BUCKET}, {"RoleARN": "arn:aws:iam::123456789012:role/nobody"}, "cannot be assumed"),
    ],
)
def test_what_is_refused(stacks: CloudFormation, resources: Json, more: Json, message: str) -> None:
    try:
        found = change_set(resources, "CREATE", **more)
    except ClientError as error:
        found = {"StatusReason": str(error)}
    assert re.search(message, found["StatusReason"])
