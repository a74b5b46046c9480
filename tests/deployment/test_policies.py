"""The policies in `deploy/policies/`, held to AWS's list of actions."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from .iam_lint import findings
from .projects import Project

WIDE = {"CreateAndList", "FindLogGroups", "FindLogs", "FindRuntimes", "Traces", "Drift", "SpansIntoTheAgentsLog"}
"""Actions that IAM knows no resource for, or one that has no name yet."""
MODELS = {
    "an inference profile": "us.anthropic.claude-sonnet-4-6",
    "a foundation model": "amazon.nova-pro-v1:0",
    "an ARN": "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abcdef123456",
}


STACK = "import json; from deploy import config, template as t; print(json.dumps(t.agent(config.load(), {})))"
NETWORK = '[network]\nsubnets = ["subnet-0123456789abcdef0"]\nsecurity_groups = ["sg-0123456789abcdef0"]\n'


def policies(project: Project) -> Any:
    return project.run("deploy", "--dry-run", "--json").json["policies"]


def test_every_action_exists_and_is_on_a_resource_of_its_own(variant: Callable[..., Project]) -> None:
    project = variant(deployment=["code-zip", "container", "cdk"])
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    role = "arn:aws:iam::123456789012:role/stacks"
    project.configure(NETWORK, permissions_boundary=boundary, cloudformation_role=role)
    found = policies(project)
    assert set(found) == {"execution role", "its trust", "who deploys", "who calls", "CloudFormation's role"}
    assert {name: findings(policy) for name, policy in found.items()} == {name: [] for name in found}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_agent_may_call_its_model_and_no_other(project: Project, model: str) -> None:
    project.configure(model=model)
    execution = policies(project)["execution role"]
    assert findings(execution) == []
    statements = [each for each in execution["Statement"] if each["Action"][0].startswith("bedrock:")]
    direct = [each for each in statements if "Condition" not in each]
    assert [each["Resource"][0].rpartition("/")[2] for each in direct] == [model.rpartition("/")[2]]
    for statement in statements:
        assert statement["Action"] == ["bedrock:InvokeModelWithResponseStream"]
        if statement not in direct:
            assert statement["Condition"]["StringEquals"]["bedrock:InferenceProfileArn"] in direct[0]["Resource"]


@pytest.mark.parametrize("guardrail", ["abc123", "arn:aws:bedrock:us-west-2:123456789012:guardrail/abc123"])
def test_the_agent_may_use_its_guardrail_and_its_fallback_model(project: Project, guardrail: str) -> None:
    project.configure(guardrail=f"{guardrail}:7", fallback_model="amazon.nova-pro-v1:0")
    shown = project.run("deploy", "--dry-run", "--json").json
    statements = {each["Sid"]: each for each in shown["policies"]["execution role"]["Statement"]}

    assert findings(shown["policies"]["execution role"]) == []
    assert statements["UseModelAsFallback"]["Resource"][0].endswith("foundation-model/amazon.nova-pro-v1:0")
    assert statements["ApplyGuardrail"]["Resource"][0].endswith(":guardrail/abc123")
    runtime = shown["template"]["Resources"]["Runtime"]["Properties"]
    given = runtime["EnvironmentVariables"]
    assert (given["GUARDRAIL_ID"], given["GUARDRAIL_VERSION"]) == (guardrail, "7")
    assert given["FALLBACK_MODEL_ID"] == "amazon.nova-pro-v1:0"


@pytest.mark.parametrize("name", ["MODEL_ID", "GUARDRAIL_ID", "FALLBACK_MODEL_ID"])
def test_a_variable_that_needs_a_permission_is_given_with_it(project: Project, name: str) -> None:
    file = project.path / "deploy.toml"
    file.write_text(file.read_text().replace("[environment]", f'[environment]\n{name} = "x"', 1))
    refused = project.run("deploy", "--dry-run")

    assert refused.code == 1 and name in refused.err and "the role's permissions follow" in refused.err


def test_the_port_is_agentcores(project: Project) -> None:
    file = project.path / "deploy.toml"
    file.write_text(file.read_text().replace("[environment]", '[environment]\nPORT = "9"', 1))
    refused = project.run("deploy", "--dry-run")

    assert refused.code == 1 and "leave PORT out" in refused.err


@pytest.mark.parametrize("provider", ["anthropic", "openai", "gemini", "openai-compatible"])
def test_an_agent_whose_model_is_elsewhere_may_call_none_on_bedrock(
    variant: Callable[..., Project], provider: str
) -> None:
    project = variant(deployment=["cdk"], model_provider=provider)
    for model in MODELS.values():
        project.configure(model=model)
        printed = subprocess.check_output([project.python, "-c", STACK], cwd=project.path, text=True)
        (role,) = [each for each in json.loads(printed)["Resources"].values() if each["Type"] == "AWS::IAM::Role"]
        statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        actions = {action for statement in statements for action in statement["Action"]}
        assert "logs:PutLogEvents" in actions
        assert not [action for action in actions if action.startswith("bedrock:")]


def test_nothing_is_allowed_on_everything_that_could_be_narrower(project: Project) -> None:
    for policy in policies(project).values():
        wide = [each for each in policy["Statement"] if each.get("Resource") == ["*"] and "Condition" not in each]
        assert {each["Sid"] for each in wide} <= WIDE


def test_who_deploys_can_make_no_role_without_the_boundary(project: Project) -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    project.configure(permissions_boundary=boundary)
    changes = [
        each
        for each in policies(project)["who deploys"]["Statement"]
        if {"iam:CreateRole", "iam:PutRolePolicy"} & set(each["Action"])
    ]
    assert changes
    assert {each["Condition"]["StringEquals"]["iam:PermissionsBoundary"] for each in changes} == {boundary}


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ({"Action": ["s3:GetObjekt"], "Resource": ["*"]}, "s3:GetObjekt does not exist"),
        ({"Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::bucket"]}, "s3:GetObject is on none of"),
        (
            {"Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::bucket/*", "arn:aws:sqs:us-west-2:1:queue"]},
            "no action of Test is on arn:aws:sqs",
        ),
        (
            {"Action": ["s3:GetObject"], "Resource": ["*"], "Condition": {"StringEquals": {"s3:nope": "x"}}},
            "s3:GetObject does not know s3:nope",
        ),
    ],
)
def test_the_check_finds_mistakes(statement: Any, finding: str) -> None:
    assert finding in findings({"Statement": [{"Sid": "Test"} | statement]})[0]


ARN = "arn:aws:bedrock-agentcore:eu-west-1:210987654321:runtime/weather-AbCdEfGhIj"


def asked(project: Project, agents: Any) -> Any:
    """What the execution role may ask other agents, with this AGENTS in deploy.toml."""
    file = project.path / "deploy.toml"
    variable = f"[environment]\nWEATHER = {json.dumps(ARN)}\nAGENTS = {json.dumps(json.dumps(agents))}\n#"
    file.write_text(file.read_text().replace("[environment]", variable, 1))
    found = policies(project)["execution role"]
    assert findings(found) == []
    return [each["Resource"] for each in found["Statement"] if each["Sid"] == "AskAgents"]


@pytest.mark.parametrize("address", [ARN, "${WEATHER}"])
def test_an_agent_may_ask_the_agents_that_it_names_and_no_other(variant: Callable[..., Project], address: str) -> None:
    project = variant(tools=["agent"], deployment=["cdk"])
    assert "AskAgents" not in json.dumps(policies(project))
    others = {
        "weather": {"address": address, "description": f"not {ARN}x"},
        "docs": {"address": "https://docs.example"},
    }
    assert asked(project, others) == [[ARN, f"{ARN}/runtime-endpoint/*"]]


@pytest.mark.parametrize(
    ("tool", "setting", "entry"),
    [
        ("agent", "AGENTS", {"address": ARN.replace("weather-AbCdEfGhIj", "*")}),
        ("agent", "AGENTS", {"address": f"{ARN}/runtime-endpoint/prod"}),
        ("mcp", "MCP_SERVERS", {"gateway": "arn:aws:bedrock-agentcore:us-west-2:123456789012:gateway/*"}),
        ("mcp", "MCP_SERVERS", {"url": "arn:aws:bedrock-agentcore:us-west-2:123456789012:gateway/orders-abc123"}),
    ],
)
def test_what_the_agent_refuses_to_call_the_role_may_not_call(
    variant: Callable[..., Project], tool: str, setting: str, entry: Any
) -> None:
    project = variant(tools=[tool], deployment=["container"])  # of which nothing is imported here
    file = project.path / "deploy.toml"
    value = json.dumps(json.dumps({"it": entry}))
    file.write_text(file.read_text().replace("[environment]", f"[environment]\n{setting} = {value}\n#", 1))
    refused = project.run("deploy", "--dry-run")
    ((key, arn),) = entry.items()
    assert refused.code == 1
    assert f"{setting}: the agent cannot call {arn} as `{key}`." in refused.err
    assert "takes the whole ARN of one" in refused.err


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_arns_are_of_the_regions_partition(project: Project, region: str, partition: str) -> None:
    project.configure(region=region)
    text = json.dumps(policies(project))
    assert f"arn:{partition}:" in text and "arn:aws:" not in text


@pytest.mark.parametrize("agents", ["weather", [ARN], {"weather": ARN}, {"weather": {"url": ARN}}])
def test_agents_that_are_none_are_refused(variant: Callable[..., Project], agents: Any) -> None:
    project = variant(tools=["agent"], deployment=["cdk"])
    with pytest.raises(AssertionError, match=r"AGENTS (cannot be used|is no JSON object)"):
        asked(project, agents)
