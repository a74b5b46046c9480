"""A project with clients, served on this machine and deployed to the emulator of AgentCore."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser import node
from tests.browser.agents import Served, make, serve
from tests.deployment.conftest import account, empty_account, store
from tests.deployment.projects import Project, local_model
from tests.emulators.agentcore.state import Runtime
from tests.emulators.aws import Aws
from tests.emulators.issuer import issuing

__all__ = ["account", "store"]  # fixtures


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, installed."""
    folder = tmp_path_factory.mktemp("clients")
    return make(folder / "my-agent", clients=["terminal", "web", "python", "typescript"], deployment=["code-zip"])


@pytest.fixture(scope="session")
def agent(project: Path) -> Iterator[Served]:
    """Its agent on this machine."""
    with serve(project) as served:
        yield served


@pytest.fixture(scope="session")
def typescript(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its TypeScript client, installed."""
    folder = project / "clients/typescript"
    node.install(folder, tmp_path_factory)
    return folder


@pytest.fixture(scope="session")
def runtime(project: Path, account: Aws, store: Path) -> Iterator[Runtime]:
    """What the agent is deployed to. From here on the environment's AWS account is the emulator's."""
    python = project / ".venv/bin/python"
    with (
        local_model(project, python) as model,
        pytest.MonkeyPatch.context() as patch,
        empty_account(account, store, patch) as (emulator, _),
    ):
        deployed = Project(project, python, model)
        deployed.point_to_local_model()
        done = deployed.run("deploy", "--no-check")
        assert done.code == 0, done.err
        (runtime,) = emulator.account.runtimes.values()
        yield runtime


@pytest.fixture(scope="session")
def agentcore_port(runtime: Runtime) -> int:
    """Where AgentCore is emulated."""
    return urlsplit(os.environ["AWS_ENDPOINT_URL_BEDROCK_AGENTCORE"]).port or 0


@pytest.fixture
def arn(runtime: Runtime) -> str:
    """The runtime's ARN, for callers with AWS credentials."""
    return runtime.arn


@pytest.fixture
def token(runtime: Runtime) -> Iterator[str]:
    """A bearer token, which the runtime wants from now to the end of the test."""
    with issuing() as issuer, pytest.MonkeyPatch.context() as patch:
        rules = {"discoveryUrl": issuer.discovery_url, "allowedClients": ["web"]}
        patch.setitem(runtime.latest.config, "authorizerConfiguration", {"customJWTAuthorizer": rules})
        yield issuer.token()
