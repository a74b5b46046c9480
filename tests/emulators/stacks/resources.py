"""The resource types: how each is made, changed, removed and read in the account."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from .cloudwatch import check_alarm, check_dashboard
from .errors import ResourceFailure

Json = dict[str, Any]
Client = Callable[[str], Any]
VERBATIM = {"EnvironmentVariables", "Tags"}  # maps whose keys are the user's own
NOT_FOUND = (
    *("ResourceNotFoundException", "NoSuchEntity", "NoSuchBucket", "404", "RepositoryNotFoundException"),
    *("ResourceNotFound", "NoSuchBucketPolicy", "NoSuchTagSet"),
)


@dataclass(frozen=True)
class Made:
    """What Ref gives, and what Fn::GetAtt can."""

    physical_id: str
    attributes: Json


class Type:
    """A resource type; `clients` gives boto3 clients of the account."""

    def __init__(self, clients: Client) -> None:
        self.clients = clients

    def create(self, properties: Json, name: str) -> Made:
        """Make it; `name` is what CloudFormation would call it, where the template does not."""
        raise NotImplementedError

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        raise NotImplementedError

    def delete(self, physical_id: str) -> None:
        raise NotImplementedError

    def read(self, physical_id: str) -> Json | None:
        """Its properties as they are; None when it is gone."""
        raise NotImplementedError

    def describe(self, physical_id: str) -> Made:
        """What Ref and Fn::GetAtt give of one that exists."""
        raise NotImplementedError

    def identifier(self, given: Json) -> str:
        """The physical id of a resource that is imported."""
        (value,) = given.values()
        return str(value)


def camel(value: Any) -> Any:
    """CloudFormation's names as AgentCore's API spells them."""
    if isinstance(value, dict):
        return {_lower(n): v if n in VERBATIM else camel(v) for n, v in value.items()}
    return [camel(each) for each in value] if isinstance(value, list) else value


def pascal(value: Any) -> Any:
    if isinstance(value, dict):
        return {_upper(n): v if _upper(n) in VERBATIM else pascal(v) for n, v in value.items()}
    return [pascal(each) for each in value] if isinstance(value, list) else value


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _upper(name: str) -> str:
    return name[0].upper() + name[1:]


def settled(get: Callable[[], Json], done: str = "READY") -> Json:
    while (found := get())["status"].endswith("ING"):
        time.sleep(0.02)
    if found["status"] != done:
        raise ResourceFailure(found.get("failureReason", found["status"]))
    return found


class Runtime(Type):
    name = "AWS::BedrockAgentCore::Runtime"

    @property
    def control(self) -> Any:
        return self.clients("bedrock-agentcore-control")

    def create(self, properties: Json, name: str) -> Made:
        made = self.control.create_agent_runtime(**self._request(properties))
        return self._ready(made["agentRuntimeId"])

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        request = self._request(properties)
        del request["agentRuntimeName"]
        tags, old = request.pop("tags", {}), before.get("Tags", {})
        arn = self._get(physical_id)["agentRuntimeArn"]
        if tags != old:
            self.control.tag_resource(resourceArn=arn, tags=tags)
            if gone := sorted(set(old) - set(tags)):
                self.control.untag_resource(resourceArn=arn, tagKeys=gone)
        if tags == old or _without_tags(properties) != _without_tags(before):
            self.control.update_agent_runtime(agentRuntimeId=physical_id, **request)
        return self._ready(physical_id)

    def delete(self, physical_id: str) -> None:
        self.control.delete_agent_runtime(agentRuntimeId=physical_id)
        while self._exists(physical_id):
            time.sleep(0.02)

    def _exists(self, physical_id: str) -> bool:
        try:
            return bool(self._get(physical_id))
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_FOUND:
                raise
            return False

    def read(self, physical_id: str) -> Json | None:
        found = self._get(physical_id)
        properties: Json = pascal(found)
        if protocol := found.get("protocolConfiguration"):
            properties["ProtocolConfiguration"] = protocol["serverProtocol"]
        properties["Tags"] = self.control.list_tags_for_resource(resourceArn=found["agentRuntimeArn"])["tags"]
        return properties

    def describe(self, physical_id: str) -> Made:
        return self._made(self._get(physical_id))

    @staticmethod
    def _request(properties: Json) -> Json:
        request: Json = camel(properties)
        if "protocolConfiguration" in request:
            request["protocolConfiguration"] = {"serverProtocol": request["protocolConfiguration"]}
        if "authorizerConfiguration" in request:
            rules = request["authorizerConfiguration"]
            request["authorizerConfiguration"] = {"customJWTAuthorizer": rules["customJWTAuthorizer"]}
        return request

    def _get(self, physical_id: str) -> Json:
        found: Json = self.control.get_agent_runtime(agentRuntimeId=physical_id)
        return found

    def _ready(self, physical_id: str) -> Made:
        return self._made(settled(lambda: self._get(physical_id)))

    @staticmethod
    def _made(state: Json) -> Made:
        names = ("agentRuntimeArn", "agentRuntimeId", "agentRuntimeVersion", "status", "createdAt", "lastUpdatedAt")
        return Made(state["agentRuntimeId"], {_upper(name): state[name] for name in names})


def _without_tags(properties: Json) -> Json:
    return {name: value for name, value in properties.items() if name != "Tags"}


class RuntimeEndpoint(Type):
    name = "AWS::BedrockAgentCore::RuntimeEndpoint"

    @property
    def control(self) -> Any:
        return self.clients("bedrock-agentcore-control")

    def create(self, properties: Json, name: str) -> Made:
        request = camel(properties)
        self.control.create_agent_runtime_endpoint(**request)
        return self._ready(request["agentRuntimeId"], request["name"])

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        request = {n: v for n, v in camel(properties).items() if n != "tags"}
        runtime, name = request["agentRuntimeId"], request.pop("name")
        self.control.update_agent_runtime_endpoint(endpointName=name, **request)
        return self._ready(runtime, name)

    def delete(self, physical_id: str) -> None:
        runtime, name = _endpoint_of(physical_id)
        self.control.delete_agent_runtime_endpoint(agentRuntimeId=runtime, endpointName=name)

    def read(self, physical_id: str) -> Json | None:
        runtime, name = _endpoint_of(physical_id)
        found = self._get(runtime, name)
        version = {"AgentRuntimeVersion": found["targetVersion"]} if "targetVersion" in found else {}
        return pascal(found) | {"AgentRuntimeId": runtime} | version

    def describe(self, physical_id: str) -> Made:
        return self._made(self._get(*_endpoint_of(physical_id)))

    def _get(self, runtime: str, name: str) -> Json:
        found: Json = self.control.get_agent_runtime_endpoint(agentRuntimeId=runtime, endpointName=name)
        return found

    def _ready(self, runtime: str, name: str) -> Made:
        return self._made(settled(lambda: self._get(runtime, name)))

    @staticmethod
    def _made(state: Json) -> Made:
        names = ("agentRuntimeEndpointArn", "agentRuntimeArn", "id", "liveVersion", "targetVersion", "status")
        return Made(state["agentRuntimeEndpointArn"], {_upper(name): state.get(name) for name in names})


def _endpoint_of(arn: str) -> tuple[str, str]:
    """The runtime's id and the endpoint's name."""
    runtime, _, name = arn.rpartition(":runtime/")[2].partition("/runtime-endpoint/")
    return runtime, name


class Memory(Type):
    name = "AWS::BedrockAgentCore::Memory"

    @property
    def control(self) -> Any:
        return self.clients("bedrock-agentcore-control")

    def create(self, properties: Json, name: str) -> Made:
        made = self.control.create_memory(**camel(properties))["memory"]
        return self._made(settled(lambda: self._get(made["id"]), "ACTIVE"))

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        request = camel(properties)
        for fixed in ("name", "tags"):
            request.pop(fixed, None)
        self.control.update_memory(memoryId=physical_id.rpartition("/")[2], **request)
        return self.describe(physical_id)

    def delete(self, physical_id: str) -> None:
        self.control.delete_memory(memoryId=physical_id.rpartition("/")[2])

    def read(self, physical_id: str) -> Json | None:
        found = self._get(physical_id.rpartition("/")[2])
        properties: Json = pascal(found)
        return properties

    def describe(self, physical_id: str) -> Made:
        return self._made(self._get(physical_id.rpartition("/")[2]))

    def _get(self, memory_id: str) -> Json:
        found: Json = self.control.get_memory(memoryId=memory_id)["memory"]
        return found

    @staticmethod
    def _made(state: Json) -> Made:
        return Made(state["arn"], {"MemoryArn": state["arn"], "MemoryId": state["id"], "Status": state["status"]})


class Role(Type):
    name = "AWS::IAM::Role"

    @property
    def iam(self) -> Any:
        return self.clients("iam")

    def create(self, properties: Json, name: str) -> Made:
        given = {n: properties[n] for n in ("Description", "PermissionsBoundary", "Path", "Tags") if n in properties}
        role_name = properties.get("RoleName", name[:64])
        trust = json.dumps(properties["AssumeRolePolicyDocument"])
        role = self.iam.create_role(RoleName=role_name, AssumeRolePolicyDocument=trust, **given)["Role"]
        self._put(role_name, properties, {})
        return self._made(role)

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        trust = json.dumps(properties["AssumeRolePolicyDocument"])
        self.iam.update_assume_role_policy(RoleName=physical_id, PolicyDocument=trust)
        boundary = properties.get("PermissionsBoundary")
        if boundary:
            self.iam.put_role_permissions_boundary(RoleName=physical_id, PermissionsBoundary=boundary)
        elif before.get("PermissionsBoundary"):
            self.iam.delete_role_permissions_boundary(RoleName=physical_id)
        if tags := properties.get("Tags"):
            self.iam.tag_role(RoleName=physical_id, Tags=tags)
        self._put(physical_id, properties, before)
        return self.describe(physical_id)

    def _put(self, name: str, properties: Json, before: Json) -> None:
        wanted = {each["PolicyName"]: each["PolicyDocument"] for each in properties.get("Policies", [])}
        for policy, document in wanted.items():
            self.iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        for policy in {each["PolicyName"] for each in before.get("Policies", [])} - set(wanted):
            self.iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for arn in properties.get("ManagedPolicyArns", []):
            self.iam.attach_role_policy(RoleName=name, PolicyArn=arn)

    def delete(self, physical_id: str) -> None:
        for policy in self.iam.list_role_policies(RoleName=physical_id)["PolicyNames"]:
            self.iam.delete_role_policy(RoleName=physical_id, PolicyName=policy)
        for policy in self.iam.list_attached_role_policies(RoleName=physical_id)["AttachedPolicies"]:
            self.iam.detach_role_policy(RoleName=physical_id, PolicyArn=policy["PolicyArn"])
        self.iam.delete_role(RoleName=physical_id)

    def read(self, physical_id: str) -> Json | None:
        role = self.iam.get_role(RoleName=physical_id)["Role"]
        names = self.iam.list_role_policies(RoleName=physical_id)["PolicyNames"]
        return role | {
            "Policies": [
                {
                    "PolicyName": name,
                    "PolicyDocument": self.iam.get_role_policy(RoleName=physical_id, PolicyName=name)["PolicyDocument"],
                }
                for name in names
            ],
            "PermissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        }

    def describe(self, physical_id: str) -> Made:
        return self._made(self.iam.get_role(RoleName=physical_id)["Role"])

    @staticmethod
    def _made(role: Json) -> Made:
        return Made(role["RoleName"], {"Arn": role["Arn"], "RoleId": role["RoleId"]})


class Bucket(Type):
    name = "AWS::S3::Bucket"

    @property
    def s3(self) -> Any:
        return self.clients("s3")

    def create(self, properties: Json, name: str) -> Made:
        bucket = properties.get("BucketName", name[:63].lower())
        region = self.s3.meta.region_name
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.s3.create_bucket(Bucket=bucket, **place)
        self._put(bucket, properties)
        return self.describe(bucket)

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        self._put(physical_id, properties)
        return self.describe(physical_id)

    def _put(self, bucket: str, properties: Json) -> None:
        if block := properties.get("PublicAccessBlockConfiguration"):
            self.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
        if tags := properties.get("Tags"):
            self.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        if encryption := properties.get("BucketEncryption"):
            rules = [
                {**rule, "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
                for rule in encryption["ServerSideEncryptionConfiguration"]
            ]
            for rule in rules:
                del rule["ServerSideEncryptionByDefault"]
                if key := rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID"):
                    self.clients("kms").describe_key(KeyId=key)
            self.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})

    def delete(self, physical_id: str) -> None:
        if self.s3.list_objects_v2(Bucket=physical_id, MaxKeys=1)["KeyCount"]:
            raise ResourceFailure("The bucket you tried to delete is not empty")
        self.s3.delete_bucket(Bucket=physical_id)

    def read(self, physical_id: str) -> Json | None:
        self.s3.head_bucket(Bucket=physical_id)
        block = self.s3.get_public_access_block(Bucket=physical_id)["PublicAccessBlockConfiguration"]
        rules = self.s3.get_bucket_encryption(Bucket=physical_id)["ServerSideEncryptionConfiguration"]["Rules"]
        for rule in rules:
            rule["ServerSideEncryptionByDefault"] = rule.pop("ApplyServerSideEncryptionByDefault")
        return {
            "BucketName": physical_id,
            "PublicAccessBlockConfiguration": block,
            "BucketEncryption": {"ServerSideEncryptionConfiguration": rules},
        }

    def describe(self, physical_id: str) -> Made:
        self.s3.head_bucket(Bucket=physical_id)
        return Made(physical_id, {"Arn": f"arn:aws:s3:::{physical_id}"})


class BucketPolicy(Type):
    """Kept here: moto would enforce it, and loopback has no TLS."""

    name = "AWS::S3::BucketPolicy"

    def __init__(self, clients: Client) -> None:
        super().__init__(clients)
        self.kept: dict[str, Json] = {}

    def create(self, properties: Json, name: str) -> Made:
        self.clients("s3").head_bucket(Bucket=properties["Bucket"])
        self.kept[properties["Bucket"]] = properties
        return Made(properties["Bucket"], {})

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        return self.create(properties, physical_id)

    def delete(self, physical_id: str) -> None:
        self.kept.pop(physical_id, None)

    def read(self, physical_id: str) -> Json | None:
        return self.kept.get(physical_id)

    def describe(self, physical_id: str) -> Made:
        return Made(physical_id, {})


class Alarm(Type):
    name = "AWS::CloudWatch::Alarm"

    def create(self, properties: Json, name: str) -> Made:
        check_alarm(properties)
        self.clients("cloudwatch").put_metric_alarm(**{"AlarmName": name} | properties)
        return self.describe(properties.get("AlarmName", name))

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        return self.create(properties, physical_id)

    def delete(self, physical_id: str) -> None:
        self.clients("cloudwatch").delete_alarms(AlarmNames=[physical_id])

    def read(self, physical_id: str) -> Json | None:
        found: list[Json] = self.clients("cloudwatch").describe_alarms(AlarmNames=[physical_id])["MetricAlarms"]
        return found[0] if found else None

    def describe(self, physical_id: str) -> Made:
        found = self.read(physical_id)
        if found is None:
            raise ResourceFailure(f"There is no alarm {physical_id}")
        return Made(physical_id, {"Arn": found["AlarmArn"]})


class Dashboard(Type):
    name = "AWS::CloudWatch::Dashboard"

    def create(self, properties: Json, name: str) -> Made:
        name = properties.get("DashboardName", name)
        check_dashboard(properties["DashboardBody"])
        self.clients("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=properties["DashboardBody"])
        return Made(name, {})

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        return self.create(properties, physical_id)

    def delete(self, physical_id: str) -> None:
        self.clients("cloudwatch").delete_dashboards(DashboardNames=[physical_id])

    def read(self, physical_id: str) -> Json | None:
        found: Json = self.clients("cloudwatch").get_dashboard(DashboardName=physical_id)
        return found

    def describe(self, physical_id: str) -> Made:
        return Made(physical_id, {})


class Repository(Type):
    name = "AWS::ECR::Repository"
    _emptied: ClassVar[dict[str, bool]] = {}
    """Whether a repository goes with the images in it: `EmptyOnDelete`."""

    @property
    def ecr(self) -> Any:
        return self.clients("ecr")

    def create(self, properties: Json, name: str) -> Made:
        name = properties.get("RepositoryName", name.lower())
        request: Json = {"repositoryName": name}
        if "ImageTagMutability" in properties:
            request["imageTagMutability"] = properties["ImageTagMutability"]
        if tags := properties.get("Tags"):
            request["tags"] = tags
        if encryption := properties.get("EncryptionConfiguration"):
            self.clients("kms").describe_key(KeyId=encryption["KmsKey"])
            request["encryptionConfiguration"] = camel(encryption)
        self.ecr.create_repository(**request)
        self._emptied[name] = bool(properties.get("EmptyOnDelete"))
        self._put(name, properties)
        return self.describe(name)

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        self._emptied[physical_id] = bool(properties.get("EmptyOnDelete"))
        self._put(physical_id, properties)
        return self.describe(physical_id)

    def _put(self, name: str, properties: Json) -> None:
        if policy := properties.get("LifecyclePolicy", {}).get("LifecyclePolicyText"):
            self.ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy)

    def delete(self, physical_id: str) -> None:
        self.ecr.delete_repository(repositoryName=physical_id, force=self._emptied.get(physical_id, False))

    def read(self, physical_id: str) -> Json | None:
        found = self.ecr.describe_repositories(repositoryNames=[physical_id])["repositories"][0]
        encryption = pascal(found.get("encryptionConfiguration"))
        return {
            "RepositoryName": found["repositoryName"],
            "ImageTagMutability": found["imageTagMutability"],
            "EncryptionConfiguration": encryption,
        }

    def describe(self, physical_id: str) -> Made:
        found = self.ecr.describe_repositories(repositoryNames=[physical_id])["repositories"][0]
        return Made(physical_id, {"Arn": found["repositoryArn"], "RepositoryUri": found["repositoryUri"]})


class BuildProject(Type):
    name = "AWS::CodeBuild::Project"

    def create(self, properties: Json, name: str) -> Made:
        request = camel(properties)
        if "buildSpec" in request["source"]:
            request["source"]["buildspec"] = request["source"].pop("buildSpec")
        request["tags"] = [camel(tag) for tag in properties.get("Tags", [])]
        name = request.setdefault("name", name)
        self.clients("codebuild").create_project(**request)
        return self.describe(name)

    def update(self, physical_id: str, properties: Json, before: Json) -> Made:
        self.delete(physical_id)
        return self.create(properties, physical_id)

    def delete(self, physical_id: str) -> None:
        self.clients("codebuild").delete_project(name=physical_id)

    def read(self, physical_id: str) -> Json | None:
        found: list[Json] = self.clients("codebuild").batch_get_projects(names=[physical_id])["projects"]
        if not found:
            return None
        properties: Json = pascal(found[0])
        properties["Source"]["BuildSpec"] = properties["Source"].pop("Buildspec", None)
        return properties

    def describe(self, physical_id: str) -> Made:
        return Made(physical_id, {"Arn": f"arn:aws:codebuild:::project/{physical_id}"})


TYPES: dict[str, type[Any]] = {
    each.name: each  # type: ignore[attr-defined]
    for each in (
        *(Runtime, RuntimeEndpoint, Memory, Role, Bucket, BucketPolicy, Alarm, Dashboard, Repository, BuildProject),
    )
}


def physical_name(stack: str, logical_id: str) -> str:
    """What CloudFormation calls a resource that the template does not name."""
    return f"{stack[:24]}-{logical_id[:24]}-{secrets.token_hex(6)}"


def missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in NOT_FOUND
