"""Agents that other agents and models call: deployed, and asked over their own protocol."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.emulators.agentcore import Emulator
from tests.emulators.issuer import Issuer

from .projects import Project, install, local_model, render, session, text_of


@pytest.fixture(scope="module", params=["a2a", "mcp"])
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Project]]:
    tools = ["calculator", "agent"] if request.param == "a2a" else ["calculator"]
    path = render(tmp_path_factory.mktemp("projects") / "my-agent", protocol=request.param, tools=tools)
    python = install(path)
    with local_model(path, python) as model:
        project = Project(path, python, model)
        project.point_to_local_model()
        yield request.param, project


def call(arn: str, body: dict[str, Any], name: str) -> list[Any]:
    """What the agent says to a call of JSON-RPC, as AWS's SDK gives it."""
    response = boto3.client("bedrock-agentcore").invoke_agent_runtime(
        agentRuntimeArn=arn,
        runtimeSessionId=session(name),
        payload=json.dumps({"jsonrpc": "2.0", "id": 1} | body).encode(),
        contentType="application/json",
        accept="application/json, text/event-stream",
    )
    lines = response["response"].read().decode().splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith(("data: {", "{"))]


ASK = """
import asyncio, json, sys
from my_agent.tools.agent import AgentConfig, OtherAgent
try:
    config = AgentConfig(address=sys.argv[1], headers=json.loads(sys.argv[2]))
    print(asyncio.run(OtherAgent("peer", config).ask("Count to 9")))
except ValueError as error:
    print(error)
"""


def asked(project: Project, arn: str, **headers: str) -> str:
    """What the tool `agent` has from the runtime."""
    command = [project.python, "-c", ASK, arn, json.dumps(headers)]
    return subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=True).stdout.strip()


def test_it_is_deployed_with_its_protocol_and_asked_over_it(installed: tuple[str, Project], cloud: Emulator) -> None:
    protocol, project = installed

    deployed = project.run("deploy")
    assert deployed.code == 0, deployed.err
    (runtime,) = cloud.account.runtimes.values()
    assert runtime.version("1").protocol == {"serverProtocol": protocol.upper()}

    def invoke(question: str) -> list[Any]:
        return project.run("invoke", "--json", "--session", session("ada"), question).events

    assert "449" in text_of(invoke("What is 37*12+5?"))
    assert "37*12+5" in text_of(invoke("What was my first question?"))
    assert len([event for event in invoke("Count to 50") if event["type"] == "TEXT_MESSAGE_CONTENT"]) > 20
    assert project.run("sessions", "stop", session("ada")).code == 0

    if protocol == "a2a":
        card = boto3.client("bedrock-agentcore").get_agent_card(agentRuntimeArn=runtime.arn)["agentCard"]
        assert card["name"] == "my-agent" and {"ask", "calculator"} <= {skill["id"] for skill in card["skills"]}
        message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "Count to 3"}]}
        (told,) = call(runtime.arn, {"method": "SendMessage", "params": {"message": message}}, "eve")
        assert told["result"]["task"]["artifacts"][0]["parts"] == [{"text": "1 2 3"}]
        assert asked(project, runtime.arn) == "1 2 3 4 5 6 7 8 9"
        chat = [project.python, "-m", "clients.terminal", "--runtime", runtime.arn, "Count to 9"]
        shown = subprocess.run(chat, cwd=project.path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert (shown.returncode, shown.stdout) == (0, "1 2 3 4 5 6 7 8 9\n"), shown.stderr
        assert "HTTP 403" in asked(project, runtime.arn, Authorization="Bearer x")
        assert asked(project, f"{runtime.arn}x") == "The agent peer is not at its address: HTTP 404."
    else:
        params = {"name": "calculator", "arguments": {"expression": "37*12+5"}}
        (told,) = call(runtime.arn, {"method": "tools/call", "params": params}, "eve")
        assert told["result"]["content"][0]["text"] == "449"


def test_callers_may_have_to_show_a_token(
    installed: tuple[str, Project], cloud: Emulator, issuer: Issuer, tmp_path: Path
) -> None:
    protocol, base = installed
    answers = {"auth": "jwt", "jwt_discovery_url": issuer.discovery_url, "jwt_clients": "web"}
    project = replace(base, path=render(tmp_path / "my-agent", protocol=protocol, **answers))
    project.point_to_local_model()
    shutil.copy(base.path / "uv.lock", project.path)

    deployed = project.run("deploy", env={"AGENT_TOKEN": issuer.token()})
    assert deployed.code == 0, deployed.err

    def invoke(token: str) -> Any:
        return project.run("invoke", "--json", "What is 37*12+5?", env={"AGENT_TOKEN": token})

    assert "449" in text_of(invoke(issuer.token()).events)
    refused = invoke(issuer.token(client_id="stranger"))
    assert (refused.code, "[auth] in deploy.toml says which it takes" in refused.err) == (1, True), refused.err
    assert "AGENT_TOKEN is not set." in invoke("").err
    if protocol == "a2a":
        (arn,) = (runtime.arn for runtime in cloud.account.runtimes.values())
        assert asked(project, arn, Authorization=f"Bearer {issuer.token()}") == "1 2 3 4 5 6 7 8 9"
        assert "HTTP 403" in asked(project, arn)


def test_a_container_and_a_cdk_app_are_deployed_with_it(installed: tuple[str, Project], tmp_path: Path) -> None:
    protocol, base = installed
    path = render(tmp_path / "my-agent", protocol=protocol, deployment=["container", "cdk"])
    project = replace(base, path=path)

    template = project.run("deploy", "--dry-run", "--json").json["template"]["Resources"]

    assert template["Runtime"]["Properties"]["ProtocolConfiguration"] == protocol.upper()
    port = {"a2a": "9000", "mcp": "8000"}[protocol]
    assert port in (path / "Dockerfile").read_text()
