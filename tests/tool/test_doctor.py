"""`streamplate doctor`: what is lacking, with the command that mends it, and nothing sent unasked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import Result
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.emulators.agentcore import Settings, agentcore
from tests.emulators.aws import aws
from tests.emulators.serving import serve

Command = Callable[..., Result]
Findings = dict[str, dict[str, str]]


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PORT", "0")


@pytest.fixture
def examined(streamplate: Command) -> Callable[..., Findings]:
    """`examined("path", "--aws")` is what it says, by check."""

    def examined(*args: object) -> Findings:
        result = streamplate("doctor", "--json", *args)
        findings = {finding["check"]: finding for finding in json.loads(result.stdout)}
        problems = [finding for finding in findings.values() if finding["status"] == "problem"]
        assert result.exit_code == bool(problems)
        assert all(finding["fix"] for finding in findings.values() if finding["status"] != "ok")
        return findings

    return examined


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {says}\n")
    (folder / name).chmod(0o755)


def profile(home: Path, file: str, content: str) -> None:
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / file).write_text(content)


def test_a_machine_that_has_what_is_needed(examined: Callable[..., Findings]) -> None:
    findings = examined()
    assert {name: finding["status"] for name, finding in findings.items()} == {
        "Python": "ok",
        "git": "ok",
        "git identity": "ok",
        "uv": "ok",
        "port": "ok",
        "AWS credentials": "note",
        "AWS region": "note",
    }


def test_for_people(streamplate: Command) -> None:
    result = streamplate("doctor")
    assert result.exit_code == 0
    assert "note     AWS credentials none in" in result.stdout
    assert " aws configure sso --profile default\n" in result.stdout


def test_no_git_and_no_uv(examined: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path / "bin", "apt-get", "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    findings = examined()
    assert (findings["git"]["status"], findings["git"]["fix"]) == ("problem", "sudo apt-get install git")
    assert findings["uv"]["status"] == "note"
    assert "git identity" not in findings


def test_an_old_git(examined: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path / "bin", "git", "git version 2.9.5.windows.1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    git = examined()["git"]
    assert (git["status"], git["found"]) == ("problem", "2.9.5.windows.1; updates need 2.38")


def test_no_identity(examined: Callable[..., Findings], home: Path) -> None:
    (home / ".gitconfig").write_text("")
    assert "git config --global user.name" in examined()["git identity"]["fix"]


def test_a_port_in_use(examined: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))
        port = examined()["port"]
    assert (port["status"], port["fix"]) == ("note", "uv run serve --port 0")


@pytest.mark.parametrize("port", ["http", "70000"])
def test_no_port(examined: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    assert examined()["port"]["fix"] == "unset PORT"


@pytest.mark.parametrize(
    ("file", "content", "kind"),
    [
        ("credentials", "[work]\naws_access_key_id = a\n", "keys in profile work"),
        ("config", "[profile work]\nsso_session = s\nregion = eu-west-1\n", "single sign-on in profile work"),
        ("config", "[profile work]\nrole_arn = r\n", "a role in profile work"),
    ],
)
def test_credentials_of_a_profile(
    examined: Callable[..., Findings],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    content: str,
    kind: str,
) -> None:
    profile(home, file, content)
    assert examined()["AWS credentials"]["status"] == "note"
    monkeypatch.setenv("AWS_PROFILE", "work")
    found = examined()
    assert found["AWS credentials"]["found"] == f"{kind}; whether they are valid, --aws asks"
    assert found["AWS region"]["found"].startswith("eu-west-1" if "region" in content else "none is set")


def test_a_profile_that_is_not_there(
    examined: Callable[..., Findings], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile(home, "config", "this is no configuration")
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert examined()["AWS credentials"]["fix"] == "aws configure sso --profile work"


def test_a_region_that_is_not_the_projects(
    examined: Callable[..., Findings], streamplate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamplate("new", "x", "--defaults")
    assert examined("x")["AWS region"]["found"] == "us-west-2"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    region = examined("x")["AWS region"]
    assert region["found"] == "AWS_REGION is eu-west-1, and the project was made for us-west-2"
    assert "streamplate configure -d region=eu-west-1" in region["fix"]


def test_an_outdated_project(
    examined: Callable[..., Findings], streamplate: Command, publish: Callable[..., None], tmp_path: Path
) -> None:
    publish({"agent.py": "1\n"}, {"agent.py": "2\n"})
    streamplate("new", "x", "--defaults", "--release", "0.1.0")
    project = examined("x")["project"]
    assert (project["status"], project["fix"]) == ("problem", f"streamplate update {tmp_path / 'x'}")
    streamplate("update", "x")
    assert examined("x")["project"]["found"] == "up to date (v0.2.0)"
    Path("x/.copier-answers.yml").write_text("a: [")
    assert examined("x")["project"]["status"] == "problem"


def test_nothing_is_sent_unasked(streamplate: Command) -> None:
    """Python's own record of what it asks the system for: no name is looked up, nothing is connected to."""
    streamplate("new", "x", "--defaults")
    code = """
import sys
def refuse(event, args):
    assert event not in ("socket.connect", "socket.sendto", "socket.getaddrinfo"), event
sys.addaudithook(refuse)
from streamplate.cli import main
main(["doctor", "x"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, "project" in done.stdout) == (0, True), done.stderr


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """AWS on loopback. Its Bedrock answers one model."""

    async def converse(request: Request) -> JSONResponse:
        asked = await request.json()
        if unquote(request.path_params["model"]) != "us.anthropic.claude-sonnet-4-6":
            headers = {"x-amzn-errortype": "AccessDeniedException"}
            return JSONResponse({"message": "no access to that model"}, 403, headers)
        assert asked["inferenceConfig"] == {"maxTokens": 1}
        return JSONResponse({"output": {"message": {"role": "assistant", "content": []}}, "stopReason": "max_tokens"})

    bedrock = Starlette(routes=[Route("/model/{model}/converse", converse, methods=["POST"])])
    with aws() as cloud, agentcore(cloud.url, Settings(store=tmp_path / "store")) as runtimes, serve(bedrock) as url:
        variables = cloud.environment | runtimes.environment | {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.usefixtures("account")
def test_aws_is_asked_on_demand_and_it_is_said(streamplate: Command, examined: Callable[..., Findings]) -> None:
    streamplate("new", "x", "--defaults")
    said = streamplate("doctor", "x", "--aws").stderr
    assert said == (
        "Asking AWS in us-west-2: who you are (STS), for one token of us.anthropic.claude-sonnet-4-6 (Bedrock), "
        "for your runtimes (AgentCore)\n"
    )
    findings = examined("x", "--aws")
    assert findings["AWS account"]["found"].startswith("arn:aws:")
    assert findings["model access"]["found"] == "us.anthropic.claude-sonnet-4-6 answers"
    assert findings["AgentCore"]["found"] == "answers in us-west-2"


@pytest.mark.usefixtures("account")
def test_a_model_without_access(
    streamplate: Command, examined: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch
) -> None:
    streamplate("new", "x", "--defaults")
    monkeypatch.setenv("MODEL_ID", "us.amazon.nova-pro-v1:0")
    access = examined("x", "--aws")["model access"]
    assert access["status"] == "problem"
    assert "no access to that model" in access["found"]
    assert access["fix"].endswith("--region us-west-2 --model-id amazon.nova-pro-v1:0")


def test_without_credentials_aws_is_asked_once(
    examined: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    findings = examined("--aws")
    assert findings["AWS account"]["found"] == "Unable to locate credentials"
    assert {"model access", "AgentCore"}.isdisjoint(findings)


def test_asking_needs_boto3(examined: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert examined("--aws")["AWS account"]["fix"].endswith(" -m pip install boto3")
