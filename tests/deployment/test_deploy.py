"""The reference project deploys itself, and what it deployed answers: every step for real, against the emulator."""

import json
import re
from typing import Any

import boto3
import pytest

from tests.emulators.agentcore import Emulator, packages
from tests.emulators.aws import Aws
from tests.emulators.stacks import CloudFormation

from .projects import Project, session

CHANGES = re.compile(r"(Create|Update|Delete|Invoke)AgentRuntime")


def changes(cloud: Emulator) -> list[str]:
    return [name for name, _ in cloud.calls if CHANGES.match(name)]


def test_deploying_ends_with_an_answer_and_deploying_again_does_nothing(project: Project, cloud: Emulator) -> None:
    first = project.run("deploy")
    assert first.code == 0, first.err
    steps = re.findall(r"^✓ (\S+(?: \S+)*)  ", first.err, re.M)
    assert steps == [
        *("Package", "Stack my-agent-artifacts", "Upload", "Stack my-agent", "Endpoint DEFAULT", "Logs"),
    ]
    assert first.err.index("… Package\n") < first.err.index("✓ Package")  # a log shows a step when it begins
    assert "local model" in first.out
    assert changes(cloud) == ["CreateAgentRuntime", "CreateAgentRuntimeEndpoint", "InvokeAgentRuntime"]

    second = project.run("deploy", "--json")
    assert second.json["changed"] is False
    assert "… Stack my-agent\n" in second.err
    assert len(changes(cloud)) == 3
    assert "Nothing has changed" in project.run("deploy").err


def test_a_preview_tells_what_would_change_and_changes_nothing(
    project: Project, cloud: Emulator, stacks: CloudFormation
) -> None:
    project.configure(bucket="ours")
    boto3.client("s3").create_bucket(Bucket="ours", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    first = project.run("deploy", "--preview", "--json").json
    assert {each["action"] for each in first["changes"]} == {"Add"}
    assert not (cloud.account.runtimes or stacks.stacks)
    assert project.run("deploy", "--no-check").code == 0
    assert project.run("deploy", "--preview", "--json").json["changes"] == []

    project.configure(description="The second version", log_days=30)
    (runtime, *_) = project.run("deploy", "--preview", "--json").json["changes"]
    assert runtime == {"action": "Modify", "resource": "Runtime", "what": "Description"}
    assert len(next(iter(cloud.account.runtimes.values())).versions) == 1


def test_a_replacement_is_asked_about(project: Project, cloud: Emulator, stacks: CloudFormation) -> None:
    assert project.run("deploy", "--no-check").code == 0
    template = project.path / "deploy" / "stack.yaml"
    template.write_text(template.read_text().replace("AgentRuntimeName: !Ref Name", "AgentRuntimeName: other"))
    refused = project.run("deploy", "--no-check", answer="n\n")
    assert (refused.code, "Nothing was changed." in refused.err) == (1, True)
    assert "Replace  Runtime AgentRuntimeName" in refused.err
    assert "would replace or remove" in project.run("deploy", "--no-check", "--json").err
    assert [runtime.name for runtime in cloud.account.runtimes.values()] == ["my_agent"]
    assert project.run("deploy", "--no-check", "--yes").code == 0
    assert [runtime.name for runtime in cloud.account.runtimes.values()] == ["other"]


def test_a_fast_package_is_drift_which_the_next_deployment_takes_back(
    project: Project, cloud: Emulator, stacks: CloudFormation
) -> None:
    project.configure("[storage]\nsession = '/mnt/session'\n")
    assert project.run("deploy", "--no-check").code == 0
    (runtime,) = cloud.account.runtimes.values()
    before = runtime.latest.config
    prompt = project.path / "src" / "my_agent" / "prompt.py"
    prompt.write_text(f"{prompt.read_text()}\n# edited\n")
    fast = project.run("deploy", "--fast")
    assert (fast.code, "this is drift" in fast.err) == (0, True)
    after = runtime.latest.config
    artifact = "agentRuntimeArtifact"
    assert before[artifact] != after[artifact]
    assert {n: v for n, v in before.items() if n not in (artifact, "agentRuntimeName", "tags", "clientToken")} == {
        n: v for n, v in after.items() if n not in (artifact, "agentRuntimeId", "clientToken")
    }
    (drift,) = project.run("status", "--json").json["drift"]
    assert (drift["resource"], drift["property"]) == ("Runtime", "/AgentRuntimeArtifact")

    prompt.write_text(prompt.read_text().removesuffix("\n# edited\n"))
    back = project.run("deploy", "--no-check")
    assert "Runtime AgentRuntimeArtifact (changed elsewhere: taken back)" in back.err
    assert runtime.latest.config[artifact] == before[artifact]
    assert project.run("status", "--json").json["drift"] == []


def test_what_somebody_set_elsewhere_is_told_before_it_is_taken_back(project: Project, cloud: Emulator) -> None:
    assert project.run("deploy", "--no-check").code == 0
    (runtime,) = cloud.account.runtimes.values()
    control = boto3.client("bedrock-agentcore-control")
    now = runtime.latest.config
    control.update_agent_runtime(
        agentRuntimeId=runtime.id,
        **{name: now[name] for name in ("agentRuntimeArtifact", "roleArn", "networkConfiguration")},
        environmentVariables={"TUNED": "by hand"},
    )
    control.get_agent_runtime(agentRuntimeId=runtime.id)
    preview = project.run("deploy", "--preview")
    assert "EnvironmentVariables" in preview.err
    assert "changed elsewhere" in preview.err


def test_an_environment_is_a_stack_of_its_own_and_gets_the_very_package(project: Project, cloud: Emulator) -> None:
    prod = '[environments.prod]\nlog_days = 365\nenvironment = { MAX_TURNS = "9" }\n'
    project.configure(f'{prod}[environments.far]\nregion = "eu-west-1"\n')
    assert project.run("deploy", "--no-check").code == 0
    far = project.run("deploy", "--to", "far")
    assert far.code == 1 and "far is in eu-west-1" in far.err and "--environment far" in far.err
    prompt = project.path / "src" / "my_agent" / "prompt.py"
    prompt.write_text(f"{prompt.read_text()}\n# not yet deployed\n")
    promoted = project.run("deploy", "--to", "prod", "--no-check", "--json").json
    assert promoted["name"] == "my_agent_prod"
    dev, prod = sorted(cloud.account.runtimes.values(), key=lambda runtime: runtime.name)
    assert dev.latest.config["agentRuntimeArtifact"] == prod.latest.config["agentRuntimeArtifact"]
    assert prod.latest.config["environmentVariables"]["MAX_TURNS"] == "9"
    assert "MAX_TURNS" not in dev.latest.config["environmentVariables"]
    assert project.run("status", "--environment", "prod", "--json").json["name"] == "my_agent_prod"
    assert "no [environments.qa]" in project.run("status", "--environment", "qa").err
    assert project.run("deploy", "--fast", "--environment", "prod").code == 1
    assert project.run("destroy", "--yes", "--environment", "prod").code == 0
    assert [runtime.name for runtime in cloud.account.runtimes.values()] == ["my_agent"]


def test_cloudformation_works_with_a_role_of_its_own(project: Project, cloud: Emulator, stacks: CloudFormation) -> None:
    principal = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [principal | {"Action": "sts:AssumeRole"}]}
    role = boto3.client("iam").create_role(RoleName="stacks", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    project.configure(cloudformation_role=role["Arn"])
    policies = project.run("deploy", "--dry-run", "--json").json["policies"]
    who_deploys = {action for each in policies["who deploys"]["Statement"] for action in each["Action"]}
    assert "iam:CreateRole" not in who_deploys
    assert "iam:CreateRole" in json.dumps(policies["CloudFormation's role"])
    assert project.run("deploy", "--no-check").code == 0
    assert {stack.role for stack in stacks.stacks.values()} == {role["Arn"]}


def test_versions_are_promoted_and_rolled_back(project: Project, cloud: Emulator) -> None:
    assert project.run("deploy", "--no-check", "--endpoint", "prod").code == 0
    project.configure(description="The second version")
    assert project.run("deploy", "--no-check", "--json").json["version"] == "2"
    assert (
        "deploy/stack.yaml has no endpoint canary; it has: prod."
        in project.run("deploy", "--endpoint", "canary", "--version", "1").err
    )

    def serves() -> dict[str, str]:
        return {each["name"]: each["serves"] for each in project.run("status", "--json").json["endpoints"]}

    assert serves() == {"DEFAULT": "2", "prod": "1"}
    for endpoint in ("DEFAULT", "prod"):
        assert project.run("invoke", "--endpoint", endpoint, "--session", session(endpoint), "hello").code == 0
    answered = {endpoint: each.version.number for (_, endpoint, _), each in cloud.sessions.running.items()}
    assert answered == {"DEFAULT": "2", "prod": "1"}
    assert project.run("deploy", "--endpoint", "prod", "--version", "2", "--json").json["changed"]
    assert project.run("deploy", "--endpoint", "prod", "--version", "1", "--json").json["changed"]
    assert not project.run("deploy", "--endpoint", "prod", "--version", "1", "--json").json["changed"]
    assert serves() == {"DEFAULT": "2", "prod": "1"}
    unknown = project.run("deploy", "--endpoint", "prod", "--version", "7")
    assert (unknown.code, unknown.err) == (1, "There is no version 7 to serve.\nVersions: 1, 2.\n")


def test_a_version_that_fails_leaves_the_one_before_serving(
    project: Project, cloud: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.run("deploy", "--no-check").code == 0
    (runtime,) = cloud.account.runtimes.values()
    good = runtime.latest.config["agentRuntimeArtifact"]["codeConfiguration"]
    prompt = project.path / "src" / "my_agent" / "prompt.py"
    prompt.write_text(f"{prompt.read_text()}\n# the second version\n")
    unpack = packages.unpack

    def refuse_the_new(s3: object, code: object, *rest: Any) -> object:
        if code != good:
            raise packages.PackageError("the code package is 300 MB zipped; the limit is 250 MB")
        return unpack(s3, code, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(packages, "unpack", refuse_the_new)
        failed = project.run("deploy")
    assert failed.code == 1
    assert "The stack my-agent is UPDATE_ROLLBACK_COMPLETE: Runtime: the code package is" in failed.err
    assert "What was there goes on as before" in failed.err
    assert project.run("invoke", "hello").code == 0
    repaired = project.run("deploy", "--no-check", "--json")
    assert (repaired.json["version"], repaired.json["changed"]) == ("4", True)  # 3: the roll-back


def test_what_is_configured_is_what_agentcore_gets(project: Project, cloud: Emulator) -> None:
    project.configure(
        """
[network]
subnets = ["subnet-0123456789abcdef0"]
security_groups = ["sg-0123456789abcdef0"]
[secrets]
SEARCH_API_KEY = "arn:aws:secretsmanager:us-west-2:123456789012:secret:search-AbCdEf"
""",
        headers=["X-Tenant"],
        permissions_boundary="arn:aws:iam::123456789012:policy/boundary",
    )
    boto3.client("iam").create_policy(
        PolicyName="boundary",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}]}
        ),
    )
    assert project.run("deploy", "--no-check").code == 0
    (request,) = [params for name, params in cloud.calls if name == "CreateAgentRuntime"]
    assert request["networkConfiguration"] == {
        "networkMode": "VPC",
        "networkModeConfig": {"subnets": ["subnet-0123456789abcdef0"], "securityGroups": ["sg-0123456789abcdef0"]},
    }
    assert request["requestHeaderConfiguration"] == {"requestHeaderAllowlist": ["X-Tenant"]}
    assert request["protocolConfiguration"] == {"serverProtocol": "HTTP"}
    assert request["tags"] == {"project": "my-agent", "managed-by": "my-agent/deploy"}
    assert request["platformVersion"] == "V2"
    assert request["environmentVariables"]["SEARCH_API_KEY_ARN"].endswith(":secret:search-AbCdEf")
    role = boto3.client("iam").get_role(RoleName="my_agent-us-west-2")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("policy/boundary")
    policy = boto3.client("iam").get_role_policy(RoleName="my_agent-us-west-2", PolicyName="agent")["PolicyDocument"]
    (secrets,) = [statement for statement in policy["Statement"] if statement["Sid"] == "ReadSecrets"]
    assert secrets["Resource"] == ["arn:aws:secretsmanager:us-west-2:123456789012:secret:search-AbCdEf"]


def test_a_secret_reaches_the_agent_when_a_session_starts(project: Project, account: Aws) -> None:
    secrets = boto3.client("secretsmanager")
    secret = secrets.create_secret(Name="search", SecretString="hunter2")
    project.configure(f'[secrets]\nSEARCH_API_KEY = "{secret["ARN"]}"\n')
    file = project.path / "deploy.toml"
    url = f'[environment]\nAWS_ENDPOINT_URL_SECRETS_MANAGER = "{account.url}"'
    file.write_text(file.read_text().replace("[environment]", url, 1))
    prompt = project.path / "src" / "my_agent" / "prompt.py"
    prompt.write_text(prompt.read_text() + '\nimport os\nprint(os.environ["SEARCH_API_KEY"][::-1])\n')
    assert project.run("deploy").code == 0
    assert "2retnuh" in project.run("logs").out
    secrets.put_secret_value(SecretId=secret["ARN"], SecretString="hunter3")
    assert project.run("invoke", "--session", session("rotated"), "Hello").code == 0
    assert "3retnuh" in project.run("logs").out


def test_a_role_and_a_bucket_of_yours_are_used_and_left_alone(project: Project, cloud: Emulator) -> None:
    s3, iam = boto3.client("s3"), boto3.client("iam")
    s3.create_bucket(Bucket="ours", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    principal = {"Effect": "Allow", "Principal": {"Service": "bedrock-agentcore.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [principal | {"Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName="ours", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    project.configure(role=arn, bucket="ours")
    assert project.run("deploy", "--no-check").code == 0
    (runtime,) = cloud.account.runtimes.values()
    assert runtime.latest.config["roleArn"] == arn
    assert s3.list_objects_v2(Bucket="ours")["KeyCount"] == 1
    assert project.run("destroy", "--yes").code == 0
    assert s3.list_objects_v2(Bucket="ours")["KeyCount"] == 0
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["ours"]


def test_destroy_lists_asks_and_leaves_nothing(project: Project, cloud: Emulator) -> None:
    assert project.run("deploy", "--endpoint", "prod").code == 0
    refused = project.run("destroy", answer="n\n")
    assert refused.code == 1
    assert "Nothing was changed." in refused.err
    assert "- stack my-agent: " in refused.err
    assert "Runtime my_agent-" in refused.err
    assert project.run("destroy", answer="y\n").code == 0
    assert not cloud.account.runtimes
    assert not boto3.client("iam").list_roles()["Roles"]
    assert not boto3.client("s3").list_buckets()["Buckets"]
    assert not boto3.client("logs").describe_log_groups()["logGroups"]
    assert "Nothing of this project is deployed." in project.run("destroy").err
