"""Container deployment: an arm64 image in ECR, built by CodeBuild or by Docker on this machine (`builder`)."""

import hashlib
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from . import builders, policies, storage, template
from .command import Context
from .config import ROOT
from .errors import DeployError
from .stack import Stack

FILES = ("Dockerfile", "pyproject.toml", "uv.lock")


def publish(context: Context) -> dict[str, Any]:
    """Build the image and put it in ECR, unless it is there; returns CloudFormation's `AgentRuntimeArtifact`."""
    config, files, made = context.config, build_context(), storage.ensure(context)
    repository = policies.names(config)["repository"]
    image = f"{made['images']}:{tag(files)}"
    with context.report.step("Image") as step:
        built = not _holds(context, repository, tag(files))
        if built:
            builders.BUILDERS[config.builder](context, files, image, made, step.progress)
        step.note = image if built else f"{image}, as it was"
    return {"ContainerConfiguration": {"ContainerUri": image}}


def describe(context: Context) -> tuple[dict[str, Any], dict[str, str]]:
    """The artifact, and the files that the image is built from."""
    config, files = context.config, build_context()
    contents = {name: f"{file.stat().st_size} bytes" for name, file in files.items()}
    images = template.load("artifacts*.yaml", config)["Outputs"]["images"]["Value"]
    return {"ContainerConfiguration": {"ContainerUri": {"Fn::Sub": f"{images['Fn::Sub']}:{tag(files)}"}}}, contents


def stored(context: Context) -> dict[str, Callable[[], Any]]:
    """The images in the project's own repository, newest first, each with what removes it.

    A repository of yours is yours: other agents may have images in it.
    """
    ecr, where = context.client("ecr"), Stack(context, "-artifacts").outputs().get("images")
    if context.config.repository or not where:
        return {}
    place = {"repositoryName": policies.names(context.config)["repository"]}
    pages = ecr.get_paginator("describe_images").paginate(**place, filter={"tagStatus": "TAGGED"})
    images = sorted((each for page in pages for each in page["imageDetails"]), key=itemgetter("imagePushedAt"))
    tags = [tag for image in reversed(images) for tag in image["imageTags"]]
    remove = partial(ecr.batch_delete_image, **place)
    return {f"{where}:{tag}": partial(remove, imageIds=[{"imageTag": tag}]) for tag in tags}


def build_context() -> dict[str, Path]:
    """What the Dockerfile copies, by its name there. `uv.lock` is made when it is missing."""
    done = subprocess.run([find_uv_bin(), "--quiet", "lock"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise DeployError(f"The dependencies do not resolve together:\n{done.stderr.strip()}")
    sources = (file for file in (ROOT / "src").rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    files = sorted([*(ROOT / name for name in FILES), *sources])
    return {file.relative_to(ROOT).as_posix(): file for file in files}


def tag(files: dict[str, Path]) -> str:
    """The image's tag: a digest of what it is built from, and the month, for its base is renewed once a month."""
    digest = hashlib.sha256()
    for name, file in files.items():
        digest.update(f"\0{name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return f"{datetime.now(UTC):%Y-%m}-{digest.hexdigest()[:32]}"


def _holds(context: Context, repository: str, tag: str) -> bool:
    """Whether an image has this tag."""
    ecr = context.client("ecr")
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return False
    return True
