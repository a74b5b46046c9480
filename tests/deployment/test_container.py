"""The agent as an image: what its Dockerfile makes runs; ECR and CodeBuild are asked for the right things.

No image is built here: Docker needs a daemon, and moto's CodeBuild builds nothing.
"""

import base64
import json
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import boto3
import httpx
import pytest

from tests.emulators import dockerfile
from tests.emulators.agentcore import Emulator

from .projects import Project

MANIFEST = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {}, "layers": []}
DOCKER = """#!/bin/sh
echo "$@" >> "$DOCKER_LOG"
[ "$1" != login ] || cat >> "$DOCKER_LOG"
[ "$1" != "$DOCKER_FAILS" ] || { echo "no space left" >&2; exit 1; }
"""


@pytest.fixture
def project(variant: Callable[..., Project]) -> Project:
    return variant(deployment=["container"])


def put_image(uri: str) -> None:
    """What a build would have pushed."""
    name, _, tag = uri.partition("/")[2].partition(":")
    manifest = json.dumps(MANIFEST | {"annotations": {"tag": tag}})
    boto3.client("ecr").put_image(repositoryName=name, imageManifest=manifest, imageTag=tag)


def image_of(cloud: Emulator) -> str:
    (runtime,) = cloud.account.runtimes.values()
    uri: str = runtime.latest.config["agentRuntimeArtifact"]["containerConfiguration"]["containerUri"]
    return uri


def test_what_the_dockerfile_makes_starts_and_answers(project: Project, tmp_path: Path) -> None:
    image = dockerfile.build(project.path, tmp_path / "image")
    assert (image.platform, image.user) == ("linux/arm64", "agent")
    assert sorted(file.name for file in image.path(".").iterdir()) == [".venv", "my_agent"]
    sources = {file.stem for file in image.path("my_agent").glob("*.py")}
    assert sources <= {file.name.partition(".")[0] for file in image.path("my_agent/__pycache__").iterdir()}
    environment = dockerfile.process_environment(image) | dict(project.model)
    port = free_port()
    environment |= {
        "PORT": str(port),
        "AWS_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    command = [str(image.path(".venv/bin/python")), *image.command[1:]]
    with subprocess.Popen(command, cwd=image.path("."), env=environment) as agent, httpx.Client() as http:
        try:
            answer = ask(http, f"http://127.0.0.1:{port}")
        finally:
            agent.terminate()
    assert "449" in answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(http: httpx.Client, url: str) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            http.get(f"{url}/ping")
            return http.post(f"{url}/invocations", json={"prompt": "What is 37*12+5?"}, timeout=60).text
        except httpx.ConnectError:
            time.sleep(0.1)
    raise TimeoutError


def test_codebuild_makes_the_image_once(project: Project, cloud: Emulator) -> None:
    first = project.run("deploy", "--no-check")
    assert first.code == 0, first.err
    builds = boto3.client("codebuild")
    (built,) = builds.batch_get_projects(names=builds.list_projects()["projects"])["projects"]
    assert (built["environment"]["type"], built["environment"]["privilegedMode"]) == ("ARM_CONTAINER", True)
    assert len(builds.list_builds()["ids"]) == 1
    uri = image_of(cloud)
    assert uri.startswith("123456789012.dkr.ecr.us-west-2.amazonaws.com/my_agent-images:")
    with zipfile.ZipFile(project.path / "build" / "context.zip") as context:
        names = set(context.namelist())
    assert {"Dockerfile", "pyproject.toml", "uv.lock", "src/my_agent/main.py"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]

    put_image(uri)
    second = project.run("deploy", "--json")
    assert second.json["changed"] is False
    assert len(builds.list_builds()["ids"]) == 1

    assert project.run("destroy", "--yes").code == 0
    assert not boto3.client("ecr").describe_repositories()["repositories"]
    assert not builds.list_projects()["projects"]
    assert not boto3.client("iam").list_roles()["Roles"]
    assert not boto3.client("s3").list_buckets()["Buckets"]


def test_docker_builds_logs_in_and_pushes(project: Project, cloud: Emulator, tmp_path: Path) -> None:
    program, log = tmp_path / "bin" / "docker", tmp_path / "docker.log"
    program.parent.mkdir()
    program.write_text(DOCKER)
    program.chmod(0o755)
    env = {"PATH": f"{program.parent}:/usr/bin:/bin", "DOCKER_LOG": str(log)}
    project.configure(builder="docker", repository="ours")
    boto3.client("ecr").create_repository(repositoryName="ours")
    failed = project.run("deploy", env=env | {"DOCKER_FAILS": "build"})
    assert (failed.code, "docker build failed:\nno space left" in failed.err) == (1, True)
    log.unlink()
    assert project.run("deploy", "--no-check", env=env).code == 0
    uri = image_of(cloud)
    registry = uri.partition("/")[0]
    token = boto3.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = base64.b64decode(token).decode().partition(":")[2]
    assert log.read_text().splitlines() == [
        f"build --pull --tag {uri} .",
        f"login --username AWS --password-stdin {registry}",
        f"{password}push {uri}",
    ]
    assert "/ours:" in uri
    assert project.run("destroy", "--yes").code == 0
    assert boto3.client("ecr").describe_repositories()["repositories"]


def test_a_dry_run_lists_what_the_image_is_made_of(project: Project) -> None:
    plan = project.run("deploy", "--dry-run", "--json", env={"AWS_ACCESS_KEY_ID": ""}).json
    assert plan["contents"]["Dockerfile"].endswith("bytes")
    runtime = plan["template"]["Resources"]["Runtime"]["Properties"]
    uri = runtime["AgentRuntimeArtifact"]["ContainerConfiguration"]["ContainerUri"]
    assert uri["Fn::Sub"].startswith("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/my_agent-images:")


def test_the_base_image_is_renewed_once_a_month(project: Project) -> None:
    code = """
import datetime
from deploy import container
class Later(datetime.datetime):
    @classmethod
    def now(cls, zone):
        return datetime.datetime(2031, month, 9, tzinfo=zone)
container.datetime = Later
tags = []
for month in (1, 1, 2):
    tags.append(container.tag(container.build_context()))
assert tags[0] == tags[1] != tags[2], tags
assert tags[0].partition("-")[0] == "2031"
"""
    done = subprocess.run([project.python, "-c", code], cwd=project.path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
