"""Two ways to an image: CodeBuild on arm64, which needs nothing on this machine, and Docker here."""

import base64
import json
import subprocess
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from . import policies, roles, storage
from .cloud import Cloud
from .config import OWNER, ROOT, Config
from .errors import DeployError

Progress = Callable[[str], None]
POLL_SECONDS = 3
ROLE_SECONDS = 60
OUTPUT = ROOT / "build" / "context.zip"
BUILD_SPEC = {
    "version": 0.2,
    "phases": {
        "build": {
            "commands": [
                'aws ecr get-login-password | docker login --username AWS --password-stdin "${IMAGE%%/*}"',
                'docker build --tag "$IMAGE" .',
                'docker push "$IMAGE"',
            ]
        }
    },
}


def codebuild(cloud: Cloud, config: Config, files: dict[str, Path], image: str, progress: Progress) -> None:
    """Send the files to S3 and have CodeBuild make the image of them and push it."""
    progress("sending the sources")
    key = f"{config.name}/{image.rpartition(':')[2]}.zip"
    storage.upload(cloud, config, _zip(files), key)
    role, _ = roles.ensure(cloud, config, _role(cloud, config))
    name = _project(cloud, config, role, f"{policies.bucket_name(cloud, config)}/{key}")
    progress("building")
    builds = cloud.client("codebuild")
    build = builds.start_build(
        projectName=name,
        sourceLocationOverride=f"{policies.bucket_name(cloud, config)}/{key}",
        buildspecOverride=json.dumps(BUILD_SPEC),
        environmentVariablesOverride=[{"name": "IMAGE", "value": image}],
    )["build"]
    while build["buildStatus"] == "IN_PROGRESS":
        time.sleep(POLL_SECONDS)
        build = builds.batch_get_builds(ids=[build["id"]])["builds"][0]
        progress(f"building: {build.get('currentPhase', '')}")
    if build["buildStatus"] != "SUCCEEDED":
        where = build.get("logs", {}).get("deepLink", f"the log of {build['id']}")
        raise DeployError(f"The image could not be built: {build['buildStatus']}.", f"See {where}")


def docker(cloud: Cloud, config: Config, files: dict[str, Path], image: str, progress: Progress) -> None:
    """Build with Docker on this machine (an x86 machine needs its emulation of arm64), and push."""
    granted = cloud.client("ecr").get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")
    progress("building")
    _docker("build", "--tag", image, ".")
    progress("pushing")
    _docker("login", "--username", user, "--password-stdin", image.partition("/")[0], text=password)
    _docker("push", image)


BUILDERS = {"codebuild": codebuild, "docker": docker}


def removals(cloud: Cloud, config: Config) -> dict[str, Callable[[], Any]]:
    """CodeBuild's project and its role."""
    found: dict[str, Callable[[], Any]] = {}
    name, role = policies.build_name(cloud, config), _role(cloud, config)
    if cloud.client("codebuild").batch_get_projects(names=[name])["projects"]:
        found[f"CodeBuild project {name}"] = partial(cloud.client("codebuild").delete_project, name=name)
    if roles.find(cloud, role.name):
        found[f"role {role.name}"] = partial(roles.delete, cloud, role.name)
    return found


def _role(cloud: Cloud, config: Config) -> roles.Role:
    what = f"What CodeBuild may do to build the image of the agent {config.name}"
    trust, policy = policies.load("build-trust", cloud, config), policies.load("build", cloud, config)
    return roles.Role(policies.build_name(cloud, config), what, trust, policy)


def _zip(files: dict[str, Path]) -> Path:
    OUTPUT.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(OUTPUT, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            archive.write(file, name)
    return OUTPUT


def _project(cloud: Cloud, config: Config, role: str, source: str) -> str:
    """The name of CodeBuild's project, made as soon as CodeBuild sees the new role. Each build names its own source."""
    builds, name = cloud.client("codebuild"), policies.build_name(cloud, config)
    deadline = time.monotonic() + ROLE_SECONDS
    while not builds.batch_get_projects(names=[name])["projects"]:
        try:
            _create_project(builds, name, config, role, source)
        except builds.exceptions.InvalidInputException as error:
            if "role" not in str(error).lower() or time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
    return name


def _create_project(builds: Any, name: str, config: Config, role: str, source: str) -> None:
    builds.create_project(
        name=name,
        description=f"Builds the image of the agent {config.name}",
        serviceRole=role,
        source={"type": "S3", "location": source, "buildspec": json.dumps(BUILD_SPEC)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "ARM_CONTAINER",
            "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "privilegedMode": True,  # Docker in the build
        },
        tags=[{"key": key, "value": value} for key, value in (config.tags | OWNER).items()],
    )


def _docker(*arguments: str, text: str | None = None) -> None:
    try:
        done = subprocess.run(["docker", *arguments], cwd=ROOT, input=text, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise DeployError("There is no `docker` here.", 'Set builder = "codebuild" in deploy.toml.') from error
    if done.returncode:
        raise DeployError(f"docker {arguments[0]} failed:\n{done.stderr.strip()}")
