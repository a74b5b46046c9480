"""What a deployer meets, and what it is told: one or two lines that say what to do, never a traceback."""

import json
import shutil
from collections.abc import Mapping

import boto3
import pytest

from tests.emulators.agentcore import Emulator
from tests.emulators.agentcore.state import Runtime
from tests.emulators.stacks import CloudFormation

from .projects import Project, Run

NOBODY = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


def failed(project: Project, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    run: Run = project.run(*arguments, env=env)
    assert run.code == 1, run.out + run.err
    assert "Traceback" not in run.err
    return run.err


def test_no_credentials(project: Project) -> None:
    assert "No AWS credentials" in failed(project, "deploy", env=NOBODY)


def test_an_unknown_profile(project: Project) -> None:
    assert "The config profile (missing) could not be found" in failed(project, "status", "--profile", "missing")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("ExpiredTokenException", "Sign in again"),
        ("AccessDeniedException", "deploy/policies/deployer.json"),
        ("ServiceQuotaExceededException", "Ask for a higher quota"),
    ],
)
def test_what_agentcore_refuses_is_explained(project: Project, cloud: Emulator, code: str, hint: str) -> None:
    cloud.faults.add("ListAgentRuntimes", code, "no, not now")
    error = failed(project, "deploy")
    assert "ListAgentRuntimes: no, not now" in error
    assert hint in error


def test_a_throttled_deployment_can_be_repeated(project: Project, cloud: Emulator) -> None:
    cloud.faults.add("ListAgentRuntimes", "ThrottlingException", times=5)
    assert "it continues where it stopped" in failed(project, "deploy")


def test_a_region_without_agentcore(project: Project) -> None:
    nowhere = {"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL": "http://127.0.0.1:9"}
    assert "Does AgentCore exist in us-west-2?" in failed(project, "destroy", env=nowhere)


def test_a_project_that_is_not_deployed(project: Project) -> None:
    for command in (["status"], ["logs"], ["invoke", "hello"], ["sessions", "stop", "s" * 33]):
        assert "my_agent is not deployed in this account and region.\nDeploy it" in failed(project, *command)


def test_errors_are_json_too(project: Project) -> None:
    error = json.loads(failed(project, "status", "--json"))
    assert error["error"].startswith("my_agent is not deployed")


def test_a_role_of_the_same_name_is_not_touched(project: Project) -> None:
    iam = boto3.client("iam")
    iam.create_role(
        RoleName="my_agent-us-west-2", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
    )
    error = failed(project, "deploy")
    assert "The stack my-agent is ROLLBACK_COMPLETE: ExecutionRole: " in error
    assert "EntityAlreadyExists" in error
    assert not iam.list_role_policies(RoleName="my_agent-us-west-2")["PolicyNames"]


def test_a_runtime_of_the_same_name_is_not_touched(project: Project, cloud: Emulator, older: Runtime) -> None:
    older.tags.clear()
    for command in (["deploy"], ["destroy", "--yes"]):
        error = failed(project, *command)
        assert "The runtime my_agent exists, and `uv run deploy` of my-agent did not make it." in error
    assert cloud.account.runtimes


def test_a_stack_of_the_same_name_is_not_touched(project: Project, stacks: CloudFormation) -> None:
    assert project.run("deploy", "--no-check").code == 0
    stacks.stacks["my-agent"].tags = [{"Key": "managed-by", "Value": "another/deploy"}]
    for command in (["deploy"], ["destroy", "--yes"], ["status"]):
        assert "The stack my-agent was made by another/deploy." in failed(project, *command)


def test_an_agent_that_does_not_start_shows_its_last_words(project: Project) -> None:
    main = project.path / "src" / "my_agent" / "main.py"
    on_agentcore = 'import os\nif "AWS_SESSION_TOKEN" in os.environ:\n    raise SystemExit("no disk left")\n'
    main.write_text(f"{main.read_text()}\n{on_agentcore}")
    error = failed(project, "deploy")
    assert "Runtime initialization time exceeded" in error
    assert "no disk left" in error


def test_a_missing_dependency_is_found_before_anything_is_sent(project: Project, cloud: Emulator) -> None:
    tools = project.path / "src" / "my_agent" / "prompt.py"
    tools.write_text(tools.read_text() + "\nimport rich\n")  # a dependency of development only
    error = failed(project, "deploy")
    assert "The packaged agent can't be imported: ModuleNotFoundError: No module named 'rich'" in error
    assert not cloud.calls
    assert not boto3.client("s3").list_buckets()["Buckets"]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("src/my_agent/prompt.py", "def x(:\n", "invalid syntax (prompt.py, line 1)"),
        ("src/my_agent", None, "No such file or directory"),
        ("deploy/stack.yaml", "Resources: [\n", 'stack.yaml", line 2'),
        ("deploy/policies/execution.json", "{", "deploy/policies/execution.json: JSONDecodeError"),
        (
            "deploy/policies/execution.json",
            '{"Statement": ["${nmae}"]}',
            "deploy/policies/execution.json: KeyError('nmae')",
        ),
    ],
)
def test_a_file_that_is_missing_or_broken_is_named(project: Project, file: str, text: str | None, message: str) -> None:
    if text is None:
        shutil.rmtree(project.path / file)
    else:
        (project.path / file).write_text(text)
    error = failed(project, "deploy", "--dry-run")
    assert message in error and "mend or restore the file" in error


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "my-agent"}, "`name`: String should match pattern"),
        ({"region": "mars"}, "`region`: String should match pattern"),
        ({"regoin": "us-west-2"}, "`regoin`: Extra inputs are not permitted"),
        ({"role": "agent"}, "`role`: String should match pattern"),
        ({"description": "x" * 1201}, "`description`: String should have at most 1200 characters"),
        ({"headers": ["Cookie"]}, "headers: AgentCore never passes Cookie on"),
        ({"headers": ["X-Amzn-Secret"]}, "headers: AgentCore never passes X-Amzn-Secret on"),
        ({"platform_version": "V3"}, "`platform_version`: Input should be 'V1' or 'V2'"),
        ({"python": "3.11"}, "`python`: Input should be '3.13' or '3.14'"),
    ],
)
def test_a_wrong_configuration_is_refused_at_once(project: Project, values: dict[str, str], message: str) -> None:
    project.configure(**values)
    assert f"deploy.toml: {message}" in failed(project, "deploy")


def test_a_secret_in_plain_sight_is_refused(project: Project) -> None:
    file = project.path / "deploy.toml"
    file.write_text(file.read_text().replace("[environment]", '[environment]\nSEARCH_API_KEY = "hunter2"\n#', 1))
    error = failed(project, "deploy")
    assert "SEARCH_API_KEY looks like a secret" in error
    assert "hunter2" not in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[lifecycle]\nidle_seconds = 7200\nmax_seconds = 3600", "idle_seconds is more than max_seconds"),
        (f'[environment]\nNOTES = "{"x" * 1600}"', "bytes; AgentCore takes 1536 (V2)"),
        (f'[environment]\nNOTES = "{"x" * 2049}"', "String should have at most 2048 characters"),
        ('[environment]\n"MY-VAR" = "x"', "String should match pattern"),
        ('[auth]\ndiscovery_url = "https://issuer.example"', "`auth`: Extra inputs are not permitted"),
        ('[storage]\nsession = "/tmp/session"', "`storage.session`: String should match pattern"),
        ("[environments.prod]\nlog_days = 6", "`log_days`: Input should be"),
    ],
)
def test_a_wrong_table_is_refused_at_once(project: Project, text: str, message: str) -> None:
    file = project.path / "deploy.toml"
    table = text.partition("\n")[0]
    lines = file.read_text().replace("[lifecycle]", "[ignored]") if table == "[lifecycle]" else file.read_text()
    lines = lines.replace("[environment]\n", "") if table == "[environment]" else lines
    lines = lines.replace("[ignored]\nidle_seconds = 900", "").replace("\nmax_seconds = 28800", "\n#")
    file.write_text(f"{lines}\n{text}\n")
    assert message in failed(project, "deploy")
