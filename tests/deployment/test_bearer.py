"""A project whose agent wants a bearer token: deployed, called with a token of a real issuer, and refused without."""

from collections.abc import Callable

import boto3
import pytest

from tests.emulators.agentcore import Emulator
from tests.emulators.issuer import Issuer

from .projects import Project, session, text_of


def test_only_a_token_of_the_issuer_opens_it(variant: Callable[..., Project], cloud: Emulator, issuer: Issuer) -> None:
    project = variant(auth="jwt", jwt_discovery_url=issuer.discovery_url, jwt_clients="web", jwt_scopes="chat, admin")
    deployed = project.run("deploy")
    assert deployed.code == 0, deployed.err
    assert "The agent was not asked the check question: AGENT_TOKEN is not set." in deployed.err

    def invoke(token: str) -> tuple[int, str]:
        run = project.run(
            "invoke", "--json", "--session", session("ada"), "What is 37*12+5?", env={"AGENT_TOKEN": token}
        )
        return run.code, text_of(run.events) if run.code == 0 else run.err

    code, answer = invoke(issuer.token())
    assert (code, "449" in answer) == (0, True)
    code, error = invoke(issuer.token(client_id="stranger"))
    assert (code, "[auth] in deploy.toml says which it takes" in error) == (1, True)
    assert "AGENT_TOKEN is not set." in invoke("")[1]
    ended = project.run("sessions", "stop", session("ada"), env={"AGENT_TOKEN": issuer.token()})
    assert ended.code == 0, ended.err
    assert not cloud.sessions.running
    (runtime,) = cloud.account.runtimes.values()
    client = boto3.client("bedrock-agentcore")
    with pytest.raises(client.exceptions.AccessDeniedException, match="Authorization method mismatch"):
        client.invoke_agent_runtime(agentRuntimeArn=runtime.arn, payload=b"{}")


@pytest.mark.parametrize("path", ["oauth-authorization-server", "openid-configuration/tenant"])
def test_a_discovery_url_that_cloudformation_refuses_is_refused(variant: Callable[..., Project], path: str) -> None:
    project = variant(auth="jwt", jwt_discovery_url="https://issuer.example/.well-known/openid-configuration")
    file = project.path / "deploy.toml"
    file.write_text(file.read_text().replace("openid-configuration", path))
    refused = project.run("deploy")
    assert refused.code == 1 and "discovery_url must end in /.well-known/openid-configuration" in refused.err
