from collections.abc import Iterator

import boto3
import pytest

from tests.emulators.agentcore import Emulator, agentcore
from tests.emulators.aws import Aws, aws


@pytest.fixture(scope="session")
def account() -> Iterator[Aws]:
    with aws() as running:
        yield running


@pytest.fixture
def cloud(account: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An empty AWS account with AgentCore, which every AWS SDK of this test finds in its environment."""
    account.reset()
    with agentcore(account.url) as emulator:
        for name, value in (account.environment | emulator.environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        yield emulator
