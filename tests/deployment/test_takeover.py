"""What a release before 0.5 deployed, call by call: it is told of, and docs/takeover.md takes it into the stack."""

import os
import re
import subprocess
import sys
from pathlib import Path

import boto3

from tests.emulators.agentcore import Emulator
from tests.emulators.agentcore.state import Runtime
from tests.emulators.stacks import CloudFormation

from .projects import Project

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "takeover.md").read_text()


def follow_the_page(project: Project, folder: Path) -> None:
    """Run what docs/takeover.md says, in the project."""
    (script,) = re.findall(r"^```console\n(.*?)^```", PAGE, re.M | re.S)
    command = folder / "aws"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("aws_cli.py")} "$@"\n')
    command.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=project.path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_runtime_of_an_earlier_release_is_taken_over_as_the_page_says(
    project: Project, cloud: Emulator, stacks: CloudFormation, older: Runtime, tmp_path: Path
) -> None:
    for command in (["deploy", "--no-check"], ["destroy", "--yes"]):
        refused = project.run(*command)
        assert refused.code == 1
        assert "The runtime my_agent exists, and `uv run deploy` of my-agent did not make it." in refused.err
        assert "docs/takeover.md" in refused.err
    assert "my-agent" not in stacks.stacks

    follow_the_page(project, tmp_path)
    assert (len(older.versions), older.endpoints["prod"].live) == (1, "1")
    done = project.run("deploy", "--no-check")
    assert done.code == 0, done.err
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
