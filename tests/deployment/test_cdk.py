"""The agent as an AWS CDK app: synthesised offline with AWS's own constructs, and validated by cfn-lint."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import cfnlint
import cfnlint.api
import pytest

from .projects import Project


@pytest.mark.skipif(not shutil.which("node"), reason="the constructs run in Node.js")
def test_the_app_makes_a_valid_template(variant: Callable[..., Project], tmp_path: Path) -> None:
    project = variant(deployment=["cdk"])
    network = '[network]\nsubnets = ["subnet-0123456789abcdef0"]\nsecurity_groups = ["sg-0123456789abcdef0"]\n'
    key = "arn:aws:kms:us-west-2:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    project.configure(network, kms_key=key)
    library = tmp_path / "library"
    install = ["uv", "pip", "install", "--quiet", "--python", str(project.python), "--target", str(library)]
    subprocess.run([*install, "aws-cdk-lib>=2.275"], check=True, timeout=300)
    done = subprocess.run(
        [project.python, "-m", "deploy.cdk_app"],
        cwd=project.path,
        env=os.environ | {"PYTHONPATH": str(library), "CDK_OUTDIR": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "my-agent.template.json").read_text()
    config = cfnlint.ManualArgs(regions=["us-west-2"], ignore_checks=["W3005"])  # DependsOn that a reference implies
    assert [str(match) for match in cfnlint.api.lint(text, config=config)] == []

    resources = json.loads(text)["Resources"]
    kinds = [resource["Type"] for resource in resources.values()]
    assert kinds.count("AWS::CloudWatch::Alarm") == 6
    assert kinds.count("AWS::CloudWatch::Dashboard") == 1
    assert kinds.count("Custom::LogRetention") == 2
    encrypted = [json.dumps(each) for each in resources.values() if each["Type"] == "Custom::AWS"]
    assert len(encrypted) == 2
    assert all("associateKmsKey" in each and key in each for each in encrypted)
    runtime = resources["Runtime"]["Properties"]
    assert runtime["NetworkConfiguration"]["NetworkModeConfig"]["Subnets"] == ["subnet-0123456789abcdef0"]
    code = runtime["AgentRuntimeArtifact"]["CodeConfiguration"]
    assert code["EntryPoint"] == ["main.py"]
    assert code["Code"]["S3"]["Prefix"].endswith(".zip")
    stack = project.run("deploy", "--dry-run", "--json").json["template"]["Resources"]
    assert {name: resources[name]["Type"] for name in stack} == {name: each["Type"] for name, each in stack.items()}
    role = resources["ExecutionRole"]["Properties"]
    assert "bedrock:InvokeModelWithResponseStream" in json.dumps(role["Policies"])
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]["aws:SourceAccount"]
