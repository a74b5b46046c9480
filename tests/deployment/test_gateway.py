"""The MCP servers' tool at an AgentCore gateway that lets AWS credentials in."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.emulators.agentcore import Emulator
from tests.emulators.agentcore.signature import Key
from tests.emulators.serving import serve

from .iam_lint import findings
from .projects import Project, install, render

ARN = "arn:aws:bedrock-agentcore:us-west-2:123456789012:gateway/orders-abc123"
CALLS = """
import asyncio, json, os, sys, time
from my_agent.tools import mcp
from my_agent.tools.toolbox import Workers
tools = {tool.name: tool.function for tool in mcp.mcp_tools()}
print(json.dumps(sorted(tools)))
for arguments in map(json.loads, sys.argv[1:]):
    time.sleep(float(os.environ.get("PAUSE", 0)))
    print(json.dumps(asyncio.run(Workers(60, 9).run(tools["shop_orders___find"], arguments))))
"""
Call = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    path = render(tmp_path_factory.mktemp("projects") / "my-agent", tools=["mcp"], deployment=["cdk"])
    return Project(path, install(path), {})


@pytest.fixture
def called(project: Project, cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The names of the tools, and what the model reads of calls with these arguments; or what the log says."""
    servers = {"shop": {"gateway": ARN, "url": f"{cloud.url}/gateway/mcp"}}
    monkeypatch.setenv("MCP_SERVERS", json.dumps(servers))

    def call(*arguments: Any, **env: str) -> list[Any]:
        command = [project.python, "-c", CALLS, *map(json.dumps, arguments)]
        ran = subprocess.run(
            command, cwd=project.path, env=os.environ | env, capture_output=True, text=True, check=True
        )
        return [*map(json.loads, ran.stdout.splitlines()), *ran.stderr.splitlines()]

    return call


def test_its_tools_are_listed_and_called_with_a_signature(called: Call, cloud: Emulator) -> None:
    names, plain, streamed = called({"customer": "Zoë Ünal"}, {"customer": "Ada", "stream": True})

    assert names == ["shop_orders___find"]
    assert (plain, streamed) == ("No orders of Zoë Ünal.", "No orders of Ada.")
    called_with = [call["params"]["arguments"] for call in cloud.gateway.calls if call["method"] == "tools/call"]
    assert called_with == [{"customer": "Zoë Ünal"}, {"customer": "Ada", "stream": True}]


@pytest.fixture
def short_lived(cloud: Emulator) -> Iterator[dict[str, str]]:
    """Variables that lead to credentials which are good for a second, as the service's endpoint gives them."""
    given: list[str] = []

    async def credentials(_: Request) -> JSONResponse:
        given.append(f"ASIA{len(given)}")
        now = datetime.now(UTC)
        expires = now + timedelta(minutes=5)  # less than what is left when botocore refreshes
        cloud.gateway.keys[given[-1]] = Key("secret", f"token {given[-1]}", now + timedelta(seconds=1))
        keys = {"AccessKeyId": given[-1], "SecretAccessKey": "secret", "Token": f"token {given[-1]}"}
        return JSONResponse({**keys, "Expiration": f"{expires:%Y-%m-%dT%H:%M:%SZ}"})

    with serve(Starlette(routes=[Route("/credentials", credentials)])) as url:
        yield {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/credentials", "PAUSE": "1.1"}
    assert len(given) > 3


def test_credentials_that_expire_are_refreshed(
    called: Call, short_lived: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    told = called({"customer": "Ada"}, {"customer": "Eve"}, **short_lived)
    assert told[1:] == ["No orders of Ada.", "No orders of Eve."]


def test_who_is_not_let_in_has_no_tools_and_the_log_says_why(called: Call, cloud: Emulator) -> None:
    cloud.gateway.keys = {"testing": Key("another secret")}
    names, *log = called()
    assert names == []
    assert "The gateway refuses us: InvalidSignatureException" in log[0]
    assert "The MCP server shop cannot be reached" in log[-1]

    names, *log = called(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (names, "Unable to locate credentials" in log[-1]) == ([], True)


def test_a_redirect_is_not_followed(called: Call, cloud: Emulator) -> None:
    seen: list[Request] = []

    async def elsewhere(request: Request) -> JSONResponse:
        seen.append(request)
        return JSONResponse({})

    with serve(Starlette(routes=[Route("/", elsewhere, methods=["GET", "POST"])])) as cloud.gateway.moved:
        assert called()[0] == []
    assert seen == []


def signed(url: str, body: bytes, region: str = "us-west-2", service: str = "bedrock-agentcore") -> dict[str, str]:
    request = AWSRequest("POST", url, data=body, headers={"content-type": "application/json"})
    SigV4Auth(Credentials("testing", "testing"), service, region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda url, body: {}, "MissingAuthenticationTokenException: Missing Authentication Token"),
        (lambda url, body: {"authorization": "Bearer x"}, "IncompleteSignatureException"),
        (lambda url, body: signed(url, b"{}"), "InvalidSignatureException: The request signature we calculated"),
        (lambda url, body: signed(f"{url}?a=b", body), "InvalidSignatureException: The request signature"),
        (lambda url, body: signed(url, body, region="eu-west-1"), "scoped to a valid region"),
        (lambda url, body: signed(url, body, service="bedrock"), "scoped to correct service: 'bedrock-agentcore'"),
        (lambda url, body: signed(url, body) | {"x-amz-date": "20200101T000000Z"}, "Date in Credential scope"),
        (lambda url, body: signed(url, body) | {"x-amz-target": "x"}, "'x-amz-target' must be a 'SignedHeader'"),
        (lambda url, body: signed(url, body) | {"x-amz-security-token": "x"}, "UnrecognizedClientException"),
    ],
)
def test_the_gateway_is_strict(cloud: Emulator, change: Callable[[str, bytes], dict[str, str]], told: str) -> None:
    url, body = f"{cloud.url}/gateway/mcp", b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
    assert httpx.post(url, content=body, headers=signed(url, body)).json()["result"]["tools"]

    answer = httpx.post(url, content=body, headers={"content-type": "application/json"} | change(url, body))

    assert answer.status_code in (400, 403)
    assert told in f"{answer.headers['x-amzn-ErrorType']}: {answer.json()['message']}"


def test_old_signatures_and_keys_are_refused(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    url, now = f"{cloud.url}/gateway/mcp", datetime.now(UTC)
    for minutes, told in ((-6, "Signature expired"), (6, "Signature not yet current")):
        with monkeypatch.context() as patch:
            patch.setattr(
                "botocore.auth.get_current_datetime", lambda minutes=minutes: now + timedelta(minutes=minutes)
            )
            headers = signed(url, b"{}")
        assert told in httpx.post(url, content=b"{}", headers=headers).json()["message"]
    cloud.gateway.keys = {"testing": Key("testing", expires=now)}
    answer = httpx.post(url, content=b"{}", headers=signed(url, b"{}"))
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, "ExpiredTokenException")


def test_the_role_may_call_the_gateways_that_are_named_and_no_other(project: Project, tmp_path: Path) -> None:
    file = project.path / "deploy.toml"
    before = file.read_text()
    assert "InvokeGateway" not in json.dumps(execution(project))
    servers = {"shop": {"gateway": "${SHOP}"}, "docs": {"url": "https://docs.example"}, "files": {"command": "x"}}
    variables = f"[environment]\nSHOP = {json.dumps(ARN)}\nMCP_SERVERS = {json.dumps(json.dumps(servers))}\n#"
    file.write_text(before.replace("[environment]", variables, 1))
    try:
        policy = execution(project)
    finally:
        file.write_text(before)
    assert findings(policy) == []
    (rule,) = [each for each in policy["Statement"] if each["Action"] == ["bedrock-agentcore:InvokeGateway"]]
    assert rule["Resource"] == [ARN]


def execution(project: Project) -> Any:
    return project.run("deploy", "--dry-run", "--json").json["policies"]["execution role"]
