import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.emulators.agentcore import Emulator, Settings, agentcore
from tests.emulators.agentcore.state import Runtime
from tests.emulators.aws import Aws, aws
from tests.emulators.issuer import Issuer, issuing
from tests.emulators.stacks import CloudFormation, cloudformation

from .agents import STANDARD_LIBRARY, package
from .projects import Project, install, local_model, render, restore


@pytest.fixture(scope="session")
def account() -> Iterator[Aws]:
    with aws() as running:
        yield running


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where emulators keep unpacked packages."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def emulators(account: Aws, store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Emulator, CloudFormation]]:
    with empty_account(account, store, monkeypatch) as running:
        yield running


@pytest.fixture
def cloud(emulators: tuple[Emulator, CloudFormation]) -> Emulator:
    """An empty AWS account with AgentCore, which every AWS SDK of this test finds in its environment."""
    return emulators[0]


@pytest.fixture
def stacks(emulators: tuple[Emulator, CloudFormation]) -> CloudFormation:
    """The same account's stacks."""
    return emulators[1]


@pytest.fixture
def older(project: Project, cloud: Emulator) -> Runtime:
    """What the deployer of an earlier release made of the project: no stack, but a tag that says whose it is."""
    s3, iam, control = boto3.client("s3"), boto3.client("iam"), boto3.client("bedrock-agentcore-control")
    bucket = "agentcore-code-123456789012-us-west-2"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=bucket, Key="my_agent/old.zip", Body=package({"main.py": STANDARD_LIBRARY}))
    principal = {"Effect": "Allow", "Principal": {"Service": "bedrock-agentcore.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [principal | {"Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName="my_agent-us-west-2", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    code = {"code": {"s3": {"bucket": bucket, "prefix": "my_agent/old.zip"}}, "runtime": "PYTHON_3_13"}
    made = control.create_agent_runtime(
        agentRuntimeName="my_agent",
        agentRuntimeArtifact={"codeConfiguration": code | {"entryPoint": ["main.py"]}},
        roleArn=role["Arn"],
        tags={"managed-by": "my-agent/deploy"},
    )
    while control.get_agent_runtime(agentRuntimeId=made["agentRuntimeId"])["status"] != "READY":
        time.sleep(0.02)
    control.create_agent_runtime_endpoint(agentRuntimeId=made["agentRuntimeId"], name="prod", agentRuntimeVersion="1")
    return cloud.account.runtimes[made["agentRuntimeId"]]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as running:
        yield running


@contextmanager
def empty_account(account: Aws, store: Path, patch: pytest.MonkeyPatch) -> Iterator[tuple[Emulator, CloudFormation]]:
    account.reset()
    with (
        agentcore(account.url, Settings(start_seconds=120, store=store)) as emulator,
        cloudformation(account.environment | emulator.environment) as stacks,
    ):
        for name, value in (account.environment | emulator.environment | stacks.environment).items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setenv("UV_PYTHON_DOWNLOADS", "never")
        patch.setenv("PATH", os.pathsep.join(each for each in os.get_exec_path() if not each.endswith("shims")))
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield emulator, stacks


@pytest.fixture(scope="session")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Path]]:
    folder = tmp_path_factory.mktemp("projects")
    pristine = render(folder / "pristine" / "my-agent")
    path = render(folder / "my-agent")
    python = install(path)
    with local_model(path, python) as model:
        yield Project(path, python, model), pristine


@pytest.fixture
def project(_project: tuple[Project, Path], cloud: Emulator) -> Project:
    """The reference project as it was rendered, its agent pointed to the local model."""
    project, pristine = _project
    restore(project.path, pristine)
    project.point_to_local_model()
    return project


@pytest.fixture
def variant(_project: tuple[Project, Path], cloud: Emulator, tmp_path: Path) -> Callable[..., Project]:
    """Makes a project with other answers, which runs in the reference project's environment: same dependencies."""

    def make(*, locked: bool = True, **answers: Any) -> Project:
        base, _ = _project
        path = render(tmp_path / "my-agent", **answers)
        if locked:
            shutil.copy(base.path / "uv.lock", path)
        if locked and (base.path / "build").exists():
            shutil.copytree(base.path / "build", path / "build")  # the package, which is the same
        project = replace(base, path=path)
        project.point_to_local_model()
        return project

    return make


@pytest.fixture(scope="module")
def deployed(_project: tuple[Project, Path], account: Aws, store: Path) -> Iterator[tuple[Project, Emulator]]:
    """The reference project, deployed once for all tests of a module that only call it."""
    project, pristine = _project
    restore(project.path, pristine)
    project.point_to_local_model()
    with pytest.MonkeyPatch.context() as patch, empty_account(account, store, patch) as (emulator, _):
        done = project.run("deploy", "--no-check")
        assert done.code == 0, done.err
        yield project, emulator
