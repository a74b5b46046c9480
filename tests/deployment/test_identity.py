"""AgentCore Identity: the emulator, driven with boto3; and an agent, deployed, that reads an API in its user's name."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.emulators.agentcore import Emulator
from tests.emulators.agentcore.identity import NO_RETURN_URL
from tests.emulators.issuer import Issuer
from tests.emulators.serving import serve

from .iam_lint import findings
from .projects import Project, session

RETURNS = "https://app.example/consented"
PROVIDER = {
    "name": "api",
    "credentialProviderVendor": "GithubOauth2",
    "oauth2ProviderConfigInput": {"githubOauth2ProviderConfig": {"clientId": "id", "clientSecret": "secret"}},
}
EXAMPLE = 'call read_user_api {"path": "/profile"}'


class Identity:
    """Its clients, and a workload that is no runtime's."""

    def __init__(self) -> None:
        self.control = boto3.client("bedrock-agentcore-control")
        self.data = boto3.client("bedrock-agentcore", config=Config(parameter_validation=False))
        self.control.create_oauth2_credential_provider(**PROVIDER)
        self.control.create_workload_identity(name="workload", allowedResourceOauth2ReturnUrls=[RETURNS])

    def workload_token(self, user: str = "ada") -> str:
        answer = self.data.get_workload_access_token_for_user_id(workloadName="workload", userId=user)
        return str(answer["workloadAccessToken"])

    def token(self, workload_token: str, **more: Any) -> Any:
        request = {
            "workloadIdentityToken": workload_token,
            "resourceCredentialProviderName": "api",
            "scopes": ["read"],
            "oauth2Flow": "USER_FEDERATION",
            "resourceOauth2ReturnUrl": RETURNS,
        }
        return self.data.get_resource_oauth2_token(**request | more)

    def complete(self, address: str, **user: str) -> None:
        self.data.complete_resource_token_auth(userIdentifier=user, sessionUri=consent(address))


@pytest.fixture
def identity(cloud: Emulator) -> Identity:
    return Identity()


def consent(address: str) -> str:
    """Open the page of consent; gives the session that the user's browser brings back."""
    answer = httpx.get(address)
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(RETURNS)
    return parse_qs(urlsplit(answer.headers["location"]).query)["session_id"][0]


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_token_comes_once_its_user_has_consented_and_the_application_confirms(identity: Identity) -> None:
    ada = identity.workload_token()
    asked = identity.token(ada, customState="csrf")
    assert set(asked) >= {"authorizationUrl", "sessionUri"} and "accessToken" not in asked
    back = httpx.get(asked["authorizationUrl"]).headers["location"]
    assert parse_qs(urlsplit(back).query) == {"session_id": [asked["sessionUri"]], "state": ["csrf"]}
    assert "accessToken" not in identity.token(ada), "nothing was confirmed"

    identity.data.complete_resource_token_auth(userIdentifier={"userId": "ada"}, sessionUri=asked["sessionUri"])
    token = identity.token(ada)["accessToken"]
    assert identity.token(identity.workload_token())["accessToken"] == token
    assert "accessToken" not in identity.token(ada, scopes=["read", "write"])
    assert "accessToken" not in identity.token(ada, forceAuthentication=True)
    assert "accessToken" not in identity.token(identity.workload_token("bob"))


def test_a_session_is_bound_to_who_began_it_and_used_once(identity: Identity, issuer: Issuer) -> None:
    first = identity.token(identity.workload_token())["authorizationUrl"]
    with pytest.raises(ClientError, match="Invalid or expired session") as refused:
        identity.complete(first, userId="bob")
    assert code_of(refused) == "AccessDeniedException"

    token, fresh = issuer.token(), issuer.token(jti="fresh")
    made = identity.data.get_workload_access_token_for_jwt(workloadName="workload", userToken=token)
    asked = identity.token(made["workloadAccessToken"])
    uri = consent(asked["authorizationUrl"])
    with pytest.raises(ClientError, match="Invalid or expired session"):
        identity.data.complete_resource_token_auth(userIdentifier={"userToken": fresh}, sessionUri=uri)
    identity.data.complete_resource_token_auth(userIdentifier={"userToken": token}, sessionUri=uri)
    with pytest.raises(ClientError, match="Invalid or expired session"):
        identity.data.complete_resource_token_auth(userIdentifier={"userToken": token}, sessionUri=uri)
    assert httpx.get(asked["authorizationUrl"]).status_code == 400
    again = identity.data.get_workload_access_token_for_jwt(workloadName="workload", userToken=fresh)
    assert identity.token(again["workloadAccessToken"])["accessToken"], "the vault knows a user by issuer and subject"


def test_a_session_that_was_denied_has_failed(identity: Identity) -> None:
    ada = identity.workload_token()
    asked = identity.token(ada)
    assert identity.token(ada, sessionUri=asked["sessionUri"])["sessionStatus"] == "IN_PROGRESS"
    httpx.get(f"{asked['authorizationUrl']}&deny")
    assert identity.token(ada, sessionUri=asked["sessionUri"])["sessionStatus"] == "FAILED"


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"workloadIdentityToken": "forged"}, "UnauthorizedException", "invalid or expired"),
        ({"resourceCredentialProviderName": "other"}, "ResourceNotFoundException", "Credential provider not found"),
        ({"resourceCredentialProviderName": "o ther"}, "ValidationException", "regular expression pattern"),
        ({"oauth2Flow": "DEVICE"}, "ValidationException", "enum value set"),
        ({"resourceOauth2ReturnUrl": "https://evil.example/"}, "ValidationException", "is not among"),
        ({"scopes": [""]}, "ValidationException", "Invalid length for parameter scopes"),
    ],
)
def test_a_wrong_request_is_refused(identity: Identity, change: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        identity.token(**{"workload_token": identity.workload_token()} | change)
    assert code_of(refused) == code


def test_a_user_and_a_return_address_are_wanted(identity: Identity) -> None:
    nobody = identity.data.get_workload_access_token(workloadName="workload")["workloadAccessToken"]
    with pytest.raises(ClientError, match="of no user"):
        identity.token(nobody)
    identity.control.update_workload_identity(name="workload", allowedResourceOauth2ReturnUrls=[])
    with pytest.raises(ClientError, match=NO_RETURN_URL):
        identity.token(identity.workload_token())
    with pytest.raises(ClientError, match="WorkloadIdentity not found"):
        identity.data.get_workload_access_token(workloadName="nobody")


@pytest.fixture
def api(cloud: Emulator) -> Iterator[str]:
    """An API that lets in who has an access token of a user."""

    async def profile(request: Request) -> JSONResponse:
        known = {f"Bearer {token}" for token in cloud.identity.tokens.values()}
        allowed = request.headers.get("authorization") in known
        return JSONResponse(
            {"name": "Ada Lovelace"} if allowed else {"error": "invalid_token"}, 200 if allowed else 401
        )

    with serve(Starlette(routes=[Route("/profile", profile)])) as url:
        yield url


@pytest.fixture
def deployed(variant: Callable[..., Project], cloud: Emulator, issuer: Issuer, identity: Identity, api: str) -> Project:
    """An agent with the tool `user_api`, whose callers have a JWT."""
    project = variant(
        tools=["user_api"],
        deployment=["code-zip"],
        auth="jwt",
        jwt_discovery_url=issuer.discovery_url,
        jwt_clients="web",
    )
    settings = {"URL": api, "PROVIDER": "api", "SCOPES": "read", "RETURN_URL": RETURNS}
    lines = "".join(f"USER_API_{name} = {json.dumps(value)}\n" for name, value in settings.items())
    lines += f"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE = {json.dumps(cloud.url)}\n"
    file = project.path / "deploy.toml"
    file.write_text(file.read_text().replace("[environment]", f"[environment]\n{lines}#", 1))
    done = project.run("deploy", "--no-check")
    assert done.code == 0, done.err
    (runtime,) = cloud.account.runtimes
    identity.control.update_workload_identity(name=runtime, allowedResourceOauth2ReturnUrls=[RETURNS])
    return project


def test_a_deployed_agent_reads_in_its_users_name(
    deployed: Project, cloud: Emulator, issuer: Issuer, identity: Identity
) -> None:
    (runtime,) = cloud.account.runtimes.values()
    address = f"{cloud.url}/runtimes/{quote(runtime.arn, safe='')}/invocations"
    ada = issuer.token()

    def ask(body: dict[str, Any], token: str, name: str) -> list[Any]:
        headers = {
            "Authorization": f"Bearer {token}",
            "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": session(name),
            "Content-Type": "application/json",
        }
        answer = httpx.post(address, json=body, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]

    asked = ask({"prompt": EXAMPLE}, ada, "ada")
    (interrupt,) = asked[-1]["outcome"]["interrupts"]
    assert interrupt["reason"] == "authorization_required"
    identity.complete(interrupt["metadata"]["authorizationUrl"], userToken=ada)

    entry = {"interruptId": interrupt["id"], "status": "resolved", "payload": {"approved": True}}
    done = ask({"resume": [entry]}, issuer.token(jti="later"), "ada")
    (result,) = [event["content"] for event in done if event["type"] == "TOOL_CALL_RESULT"]
    assert "Ada Lovelace" in result and done[-1]["outcome"]["type"] == "success"
    (token,) = cloud.identity.tokens.values()
    assert token not in json.dumps([asked, done])

    others = ask({"prompt": EXAMPLE}, issuer.token(sub="bob"), "bob")
    assert others[-1]["outcome"]["interrupts"][0]["reason"] == "authorization_required"


def test_its_role_may_fetch_tokens_of_its_provider_and_no_other(deployed: Project) -> None:
    policy = deployed.run("deploy", "--dry-run", "--json").json["policies"]["execution role"]
    assert findings(policy) == []
    statements = {each["Sid"]: each for each in policy["Statement"]}
    identity = "arn:aws:bedrock-agentcore:us-west-2:ACCOUNT"
    assert statements["TokensOfUsers"]["Action"] == ["bedrock-agentcore:GetResourceOauth2Token"]
    assert statements["TokensOfUsers"]["Resource"] == [
        f"{identity}:token-vault/default",
        f"{identity}:token-vault/default/oauth2credentialprovider/api",
        f"{identity}:workload-identity-directory/default",
        f"{identity}:workload-identity-directory/default/workload-identity/my_agent-*",
    ]
    assert statements["SecretOfTheCredentialProvider"]["Action"] == ["secretsmanager:GetSecretValue"]
    kept = "arn:aws:secretsmanager:us-west-2:ACCOUNT:secret:bedrock-agentcore-identity!default/oauth2/api-*"
    assert statements["SecretOfTheCredentialProvider"]["Resource"] == [kept]
    assert statements["OwnIdentity"]["Resource"] == statements["TokensOfUsers"]["Resource"][2:]
