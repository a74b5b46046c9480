import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.emulators.agentcore import Emulator, Settings, agentcore
from tests.emulators.aws import Aws, aws
from tests.emulators.issuer import Issuer, issuing

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
def cloud(account: Aws, store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An empty AWS account with AgentCore, which every AWS SDK of this test finds in its environment."""
    with empty_account(account, store, monkeypatch) as emulator:
        yield emulator


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as running:
        yield running


@contextmanager
def empty_account(account: Aws, store: Path, patch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    account.reset()
    with agentcore(account.url, Settings(start_seconds=120, store=store)) as emulator:
        for name, value in (account.environment | emulator.environment).items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setenv("UV_PYTHON_DOWNLOADS", "never")
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield emulator


@pytest.fixture(scope="session")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Path]]:
    folder = tmp_path_factory.mktemp("projects")
    pristine = render(folder / "pristine" / "my-agent", deployment=["code-zip"])
    path = render(folder / "my-agent", deployment=["code-zip"])
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
    with pytest.MonkeyPatch.context() as patch, empty_account(account, store, patch) as emulator:
        done = project.run("deploy", "--no-check")
        assert done.code == 0, done.err
        yield project, emulator
