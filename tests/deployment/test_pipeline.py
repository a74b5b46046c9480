"""CI deploys: its roles trust its jobs and nobody else, its steps run, and what is approved is what is promoted."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.emulators.agentcore import Emulator
from tests.emulators.serving import serve
from tests.emulators.stacks import CloudFormation

from .iam_lint import findings
from .projects import Project
from .test_stack import lint

Json = dict[str, Any]
HOSTS = {"github": "token.actions.githubusercontent.com", "gitlab": "gitlab.com"}
MAIN = {
    "github": "repo:acme@1/agent@2:ref:refs/heads/main",
    "gitlab": "project_path:acme/agent:ref_type:branch:ref:main",
}
PROD = MAIN | {"github": "repo:acme@1/agent@2:environment:prod"}
REPOSITORIES = {"github": "acme@1/agent@2", "gitlab": "acme/agent"}
STRANGERS = {
    "github": [
        "repo:acme@1/agent@2:pull_request",
        "repo:acme@1/agent@2:ref:refs/heads/other",
        "repo:evil@9/agent@2:ref:",
    ],
    "gitlab": ["project_path:acme/agent:ref_type:branch:ref:x", "project_path:evil/agent:ref_type:branch:ref:main"],
}
LARGEST = 10_240  # of all policies in a role, without white space
UV = """#!/bin/bash
[ "$1" = run ] || exit 0
shift
[ "$1" = python ] && {{ shift; exec {0} "$@"; }}
name=$1; shift
exec {0} -c "import sys; from deploy.$name import main; sys.argv[0] = '$name'; sys.exit(main())" "$@"
"""


def lets_in(role: Json, host: str, subject: str) -> bool:
    (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    wanted = statement["Condition"]["StringEquals"]
    return statement["Action"] == "sts:AssumeRoleWithWebIdentity" and wanted == {
        f"{host}:aud": "sts.amazonaws.com",
        f"{host}:sub": subject,
    }


def plain(value: Any) -> Any:
    """A policy as it is in the account."""
    text = json.dumps(value).replace("${AWS::AccountId}", "123456789012").replace("${AWS::Partition}", "aws")
    return json.loads(text, object_hook=lambda found: found["Fn::Sub"] if set(found) == {"Fn::Sub"} else found)


def size(policy: Json) -> int:
    return len(json.dumps(plain(policy["PolicyDocument"]), separators=(",", ":")))


def allows(policy: Json, action: str, resource: str) -> bool:
    return any(
        fnmatchcase(action, known) and any(fnmatchcase(resource, each) for each in statement["Resource"])
        for statement in policy["Statement"]
        for known in statement["Action"]
    )


@pytest.fixture(params=HOSTS)
def ci(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tokens() -> Iterator[str]:
    """What a job asks for its token."""

    async def token(request: Request) -> JSONResponse:
        allowed = request.headers["authorization"] == "bearer of-the-job"
        return JSONResponse({"value": f"token for {request.query_params['audience']}"}, 200 if allowed else 401)

    with serve(Starlette(routes=[Route("/", token)])) as url:
        yield f"{url}/?api-version=2.0"


def roles(project: Project, ci: str) -> Json:
    printed = project.run("pipeline", REPOSITORIES[ci]).json
    assert lint(printed) == []
    return printed


def test_a_role_trusts_the_jobs_that_deploy_and_nobody_else(variant: Callable[..., Project], ci: str) -> None:
    project = variant(ci=ci)
    project.configure("[environments.prod]\nlog_days = 365\n")
    found = roles(project, ci)["Resources"]
    assert set(found) == {"Issuer", "Role", "ProdRole"}
    assert lets_in(found["Role"], HOSTS[ci], MAIN[ci])
    assert lets_in(found["ProdRole"], HOSTS[ci], PROD[ci])
    assert not [who for who in STRANGERS[ci] for role in ("Role", "ProdRole") if lets_in(found[role], HOSTS[ci], who)]
    for name in ("Role", "ProdRole"):
        (policy,) = found[name]["Properties"]["Policies"]
        assert findings(plain(policy["PolicyDocument"])) == []
        assert (
            len(json.dumps(plain(policy["PolicyDocument"]), separators=(",", ":"))) < 10_240
        )  # IAM's limit for a role
    refused = project.run("pipeline", "*")
    assert refused.code == 1 and "is no repository" in refused.err
    assert "no https address" in project.run("pipeline", REPOSITORIES[ci], "--issuer", "http://x").err


def test_a_role_for_all_kinds_of_resources_is_not_too_large(variant: Callable[..., Project]) -> None:
    project = variant(ci="github", deployment=["code-zip", "container"], memory="agentcore")
    project.configure('[network]\nsubnets = ["subnet-0123456789abcdef0"]\nsecurity_groups = ["sg-0123456789abcdef0"]\n')
    (policy,) = roles(project, "github")["Resources"]["Role"]["Properties"]["Policies"]
    assert size(policy) < LARGEST


def jobs(project: Project, ci: str) -> dict[str, list[str]]:
    """The lines of the jobs that deploy."""
    if ci == "github":
        found = yaml.safe_load((project.path / ".github/workflows/deploy.yml").read_text())["jobs"]
        return {name: [each["run"] for each in found[name]["steps"] if "run" in each] for name in ("dev", "prod")}
    found = yaml.safe_load((project.path / ".gitlab-ci.yml").read_text())
    return {name: [*found[".aws"]["before_script"], *found[name]["script"]] for name in ("dev", "prod")}


def run(project: Project, folder: Path, steps: list[str], tokens: str, **more: str) -> None:
    """Run a job's steps with the credentials that the job gets from AWS, as the service would run them."""
    (folder / "uv").write_text(UV.format(project.python))
    (folder / "uv").chmod(0o755)
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    variables = {name: value for name, value in os.environ.items() if name not in keys} | {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "ACTIONS_ID_TOKEN_REQUEST_URL": tokens,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
        "AWS_TOKEN": "token for sts.amazonaws.com",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(folder / "token"),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/ci",
        "AWS_DEV_ROLE": "arn:aws:iam::123456789012:role/ci",
        "AWS_PROD_ROLE": "arn:aws:iam::123456789012:role/ci",
        "GITHUB_OUTPUT": str(folder / "output"),
    }
    command = ["bash", "-eo", "pipefail", "-c", "\n".join(steps)]
    done = subprocess.run(command, cwd=project.path, env=variables | more, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "token").read_text().strip() == "token for sts.amazonaws.com"


def test_the_package_that_was_approved_is_promoted_though_main_went_on(
    variant: Callable[..., Project], cloud: Emulator, stacks: CloudFormation, tmp_path: Path, tokens: str, ci: str
) -> None:
    project = variant(ci=ci)
    project.configure("[environments.prod]\nlog_days = 365\n")
    steps = jobs(project, ci)
    run(project, tmp_path, steps["dev"], tokens)
    output = tmp_path / "output" if ci == "github" else project.path / "version.env"
    version = output.read_text().strip().rpartition("=")[2]
    prompt = project.path / "src" / "my_agent" / "prompt.py"
    prompt.write_text(f"{prompt.read_text()}\n# merged while the approval was awaited\n")
    assert project.run("deploy", "--no-check").code == 0

    calls, asked = len(stacks.calls), len(cloud.calls)
    run(project, tmp_path, steps["prod"], tokens, VERSION=version)

    dev, prod = sorted(cloud.account.runtimes.values(), key=lambda runtime: runtime.name)
    artifact = prod.latest.config["agentRuntimeArtifact"]
    assert artifact == dev.versions[int(version) - 1].config["agentRuntimeArtifact"]
    assert artifact != dev.latest.config["agentRuntimeArtifact"]
    policy = plain(roles(project, ci)["Resources"]["ProdRole"]["Properties"]["Policies"][0]["PolicyDocument"])
    for name, given in stacks.calls[calls:]:
        stack = given.get("StackName", "my-agent-prod").rpartition("stack/")[2].partition("/")[0]
        where = f"arn:aws:cloudformation:us-west-2:123456789012:stack/{stack}/id"
        assert allows(policy, f"cloudformation:{name}", where), (name, given)
    for name, given in cloud.calls[asked:]:
        runtime = f"arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/{given.get('agentRuntimeId', prod.id)}"
        assert allows(policy, f"bedrock-agentcore:{name}", runtime), (name, given)
    package = artifact["codeConfiguration"]["code"]["s3"]
    assert allows(policy, "s3:GetObject", f"arn:aws:s3:::{package['bucket']}/{package['prefix']}")
    assert "no version 99" in project.run("deploy", "--to", "prod", "--version", "99").err
    assert boto3.client("cloudwatch").list_dashboards()["DashboardEntries"]
