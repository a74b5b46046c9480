"""`streamplate doctor --aws`: whether a private network and a key of the company's are as an agent needs them."""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result

from tests.emulators import endpoints
from tests.emulators.agentcore import Settings, agentcore
from tests.emulators.aws import aws

Command = Callable[..., Result]
REGION = "us-west-2"
TOOLS = "knowledge_base,code_interpreter,browser,agent"


@pytest.fixture(autouse=True)
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with aws() as cloud, agentcore(cloud.url, Settings(store=tmp_path / "store")) as runtimes:
        cloud.reset()
        for name, value in (cloud.environment | runtimes.environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        yield


@pytest.fixture
def project(streamplate: Command, tmp_path: Path) -> Path:
    result = streamplate("new", "x", "--defaults", "-d", "model_provider=anthropic")
    assert result.exit_code == 0
    return Path("x").absolute()


@pytest.fixture
def found(streamplate: Command) -> Callable[[Path, str], Any]:
    def found(path: Path, check: str) -> Any:
        findings = json.loads(streamplate("doctor", str(path), "--aws", "--json").stdout)
        return next((each for each in findings if each["check"] == check), None)

    return found


def network(path: Path, *, gateway: str = "") -> dict[str, str]:
    """A VPC with one subnet, named in deploy.toml; `gateway` is what its default route leads to."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="agent", Description="the agent's", VpcId=vpc)["GroupId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    if gateway == "nat":
        nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    if gateway == "internet":
        made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=made)
    with (path / "deploy.toml").open("a") as file:
        file.write(f'\n[environments.prod.network]\nsubnets = ["{subnet}"]\nsecurity_groups = ["{group}"]\n')
    return {"vpc": vpc, "subnet": subnet, "group": group, "table": table}


def run(command: str) -> None:
    """Do what an `aws ec2 create-vpc-endpoint` line says."""
    words = shlex.split(command)
    assert words[:3] == ["aws", "ec2", "create-vpc-endpoint"]
    options: dict[str, Any] = {}
    for word in words[3:]:
        if word.startswith("--"):
            options[name := word[2:]] = []
        else:
            options[name].append(word)
    ec2 = boto3.client("ec2", region_name=options.pop("region")[0])
    more: dict[str, Any] = {}
    for option, key in (("subnet-ids", "SubnetIds"), ("security-group-ids", "SecurityGroupIds")):
        more |= {key: options.pop(option)} if option in options else {}
    more |= {"RouteTableIds": options.pop("route-table-ids")} if "route-table-ids" in options else {}
    more |= {"PrivateDnsEnabled": True} if options.pop("private-dns-enabled", None) == [] else {}
    (vpc,), (service,), (kind,) = (options.pop(name) for name in ("vpc-id", "service-name", "vpc-endpoint-type"))
    assert not options
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, VpcEndpointType=kind, **more)


def test_what_it_says_to_do_makes_a_network_that_it_finds_complete(
    project: Path, found: Callable[[Path, str], Any]
) -> None:
    assert found(project, "VPC endpoints") is None
    ids = network(project)
    first = found(project, "VPC endpoints")
    assert (first["status"], ids["vpc"] in first["found"]) == ("problem", True)
    assert "logs (the agent's log), s3 (packages and layers of images (a gateway))" in first["found"]
    assert "secretsmanager" not in first["found"]  # deploy.toml names no secret
    for command in first["fix"].split(" && "):
        run(command)
    assert found(project, "VPC endpoints") == {
        "check": "VPC endpoints",
        "status": "ok",
        "found": f"{ids['vpc']} has endpoints for logs, s3",
        "fix": "",
    }


def test_an_endpoint_that_the_sdk_does_not_find_is_none(project: Path, found: Callable[[Path, str], Any]) -> None:
    ids, ec2 = network(project), boto3.client("ec2")
    inside = {"VpcId": ids["vpc"], "SubnetIds": [ids["subnet"]], "VpcEndpointType": "Interface"}
    ec2.create_vpc_endpoint(ServiceName=f"com.amazonaws.{REGION}.logs", PrivateDnsEnabled=False, **inside)
    other = ec2.create_route_table(VpcId=ids["vpc"])["RouteTable"]["RouteTableId"]
    ec2.create_vpc_endpoint(
        VpcId=ids["vpc"], ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway", RouteTableIds=[other]
    )
    assert "endpoint for logs (the agent's log), s3 (" in found(project, "VPC endpoints")["found"]


@pytest.mark.parametrize(("gateway", "status"), [("nat", "ok"), ("internet", "problem")])
def test_a_way_out_needs_no_endpoints_but_an_internet_gateway_is_none(
    project: Path, found: Callable[[Path, str], Any], gateway: str, status: str
) -> None:
    network(project, gateway=gateway)
    assert found(project, "VPC endpoints")["status"] == status


def test_subnets_that_are_not_there(project: Path, found: Callable[[Path, str], Any]) -> None:
    with (project / "deploy.toml").open("a") as file:
        file.write('\n[network]\nsubnets = ["subnet-0123456789abcdef0"]\nsecurity_groups = ["sg-0123456789abcdef0"]\n')
    finding = found(project, "VPC endpoints")
    assert (finding["status"], "subnet-0123456789abcdef0" in finding["found"]) == ("problem", True)


def test_every_endpoint_that_a_project_names_exists_and_is_in_its_readme(streamplate: Command) -> None:
    options = ["-d", f"tools={TOOLS}", "-d", "memory=agentcore", "-d", "observability=otel"]
    assert streamplate("new", "y", "--defaults", *options, "-d", "deployment=code-zip,container").exit_code == 0
    named = tomllib.loads(Path("y/deploy/endpoints.toml").read_text())
    assert set(named) == {
        *("bedrock-agent-runtime", "bedrock-agentcore", "bedrock-runtime", "ecr.api", "ecr.dkr", "logs"),
        *("monitoring", "s3", "secretsmanager", "xray"),
    }
    assert set(named) <= endpoints.INTERFACE | endpoints.GATEWAY
    assert named["bedrock-agentcore"] == "the memory, agents on AgentCore, the code interpreter, the browser"
    readme = Path("y/README.md").read_text()
    for name, what in named.items():
        assert f"| `{name}` | {what} |" in readme


def key(*services: str, root: bool = True) -> str:
    statements: list[Any] = [
        {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": ["kms:*"], "Resource": "*"}
    ] * bool(services)
    account = {"AWS": "arn:aws:iam::123456789012:root"}
    statements += [{"Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}] * root
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    arn: str = boto3.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    return arn


def use(path: Path, arn: str) -> None:
    file = path / "deploy.toml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("kms_key")]
    file.write_text("\n".join([f'kms_key = "{arn}"', *lines, ""]))


def test_what_it_says_of_a_keys_policy_lets_the_log_use_it(
    project: Path, found: Callable[[Path, str], Any], streamplate: Command
) -> None:
    assert found(project, "key") is None
    arn = key()
    use(project, arn)
    assert "for the key's policy (KMS)" in streamplate("doctor", str(project), "--aws").stderr
    finding = found(project, "key")
    assert (finding["status"], "does not let CloudWatch Logs" in finding["found"]) == ("problem", True)
    kms = boto3.client("kms")
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    policy["Statement"].append(json.loads(finding["fix"].removeprefix("Add to its policy: ")))
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(policy))
    assert found(project, "key")["status"] == "ok"
    group = "/aws/bedrock-agentcore/runtimes/my_agent-0123456789-DEFAULT"
    boto3.client("logs").create_log_group(logGroupName=group)
    boto3.client("logs").associate_kms_key(logGroupName=group, kmsKeyId=arn)


def test_keys_that_cannot_be_used(project: Path, found: Callable[[Path, str], Any]) -> None:
    logs, kms = f"logs.{REGION}.amazonaws.com", boto3.client("kms")
    use(project, key(logs, root=False))
    assert "does not let IAM" in found(project, "key")["found"]
    arn = key(logs)
    use(project, arn)
    assert found(project, "key")["status"] == "ok"
    kms.disable_key(KeyId=arn.rpartition("/")[2])
    assert found(project, "key")["fix"] == f"aws kms enable-key --key-id {arn}"
    use(project, f"arn:aws:kms:{REGION}:123456789012:key/01234567-89ab-cdef-0123-456789abcdef")
    assert found(project, "key")["status"] == "problem"
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    use(project, signing)
    assert "is a key of RSA_2048" in found(project, "key")["found"]
