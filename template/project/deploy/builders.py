"""Two ways to an image: CodeBuild on arm64, which needs nothing on this machine, and Docker here."""

import base64
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from . import storage
from .command import Context
from .config import ROOT
from .errors import DeployError

Progress = Callable[[str], None]
POLL_SECONDS = 3
OUTPUT = ROOT / "build" / "context.zip"


def codebuild(context: Context, files: dict[str, Path], image: str, made: dict[str, str], progress: Progress) -> None:
    """Send the files to S3 and have the stack's CodeBuild project make the image of them and push it."""
    progress("sending the sources")
    key = f"{context.config.name}/{image.rpartition(':')[2]}.zip"
    storage.upload(context, made["bucket"], _zip(files), key)
    builds = context.client("codebuild")
    build = builds.start_build(
        projectName=made["build"],
        sourceLocationOverride=f"{made['bucket']}/{key}",
        environmentVariablesOverride=[{"name": "IMAGE", "value": image}],
    )["build"]
    while build["buildStatus"] == "IN_PROGRESS":
        time.sleep(POLL_SECONDS)
        build = builds.batch_get_builds(ids=[build["id"]])["builds"][0]
        progress(f"building: {build.get('currentPhase', '')}")
    context.client("s3").delete_object(Bucket=made["bucket"], Key=key, ExpectedBucketOwner=context.account)
    if build["buildStatus"] != "SUCCEEDED":
        where = build.get("logs", {}).get("deepLink", f"the log of {build['id']}")
        raise DeployError(f"The image could not be built: {build['buildStatus']}.", f"See {where}")


def docker(context: Context, files: dict[str, Path], image: str, made: dict[str, str], progress: Progress) -> None:
    """Build with Docker on this machine (an x86 machine needs its emulation of arm64), and push."""
    granted = context.client("ecr").get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")
    progress("building")
    _docker("build", "--pull", "--tag", image, ".")
    progress("pushing")
    _docker("login", "--username", user, "--password-stdin", image.partition("/")[0], text=password)
    _docker("push", image)


BUILDERS = {"codebuild": codebuild, "docker": docker}


def _zip(files: dict[str, Path]) -> Path:
    OUTPUT.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(OUTPUT, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            archive.write(file, name)
    return OUTPUT


def _docker(*arguments: str, text: str | None = None) -> None:
    try:
        done = subprocess.run(["docker", *arguments], cwd=ROOT, input=text, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise DeployError("There is no `docker` here.", 'Set builder = "codebuild" in deploy.toml.') from error
    if done.returncode:
        raise DeployError(f"docker {arguments[0]} failed:\n{done.stderr.strip()}")
