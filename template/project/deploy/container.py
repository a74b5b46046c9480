"""Container deployment: an arm64 image in ECR, built by CodeBuild or by Docker on this machine (`builder`)."""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from . import builders, registry, storage
from .cloud import Cloud
from .command import Context
from .config import ROOT
from .errors import DeployError

FILES = ("Dockerfile", "pyproject.toml", "uv.lock", "deploy/entry_point.py")


def publish(context: Context) -> dict[str, Any]:
    """Build the image and put it in ECR, unless it is there; returns AgentCore's `agentRuntimeArtifact`."""
    cloud, config = context.cloud, context.config
    with context.report.step("Repository") as step:
        registry.ensure(cloud, config)
        step.note = registry.repository(config)
    files = build_context()
    image = f"{registry.uri(cloud, config)}:{tag(files)}"
    with context.report.step("Image") as step:
        built = not registry.holds(cloud, config, tag(files))
        if built:
            builders.BUILDERS[config.builder](cloud, config, files, image, step.progress)
        step.note = image if built else f"{image}, as it was"
    return _artifact(image)


def describe(context: Context, cloud: Cloud) -> tuple[dict[str, Any], dict[str, str]]:
    """The artifact, and the files that the image is built from."""
    files = build_context()
    contents = {name: f"{file.stat().st_size} bytes" for name, file in files.items()}
    return _artifact(f"{registry.uri(cloud, context.config)}:{tag(files)}"), contents


def removals(context: Context) -> dict[str, Callable[[], Any]]:
    """What `destroy` would remove, and how."""
    cloud, config = context.cloud, context.config
    return registry.removals(cloud, config) | builders.removals(cloud, config) | storage.removals(cloud, config)


def build_context() -> dict[str, Path]:
    """What the Dockerfile copies, by its name there. `uv.lock` is made when it is missing."""
    done = subprocess.run([find_uv_bin(), "--quiet", "lock"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise DeployError(f"The dependencies do not resolve together:\n{done.stderr.strip()}")
    sources = (file for file in (ROOT / "src").rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    files = sorted([*(ROOT / name for name in FILES), *sources])
    return {file.relative_to(ROOT).as_posix(): file for file in files}


def tag(files: dict[str, Path]) -> str:
    """The image's tag: a digest of what it is built from, so that nothing is built twice."""
    digest = hashlib.sha256()
    for name, file in files.items():
        digest.update(f"\0{name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:32]


def _artifact(image: str) -> dict[str, Any]:
    return {"containerConfiguration": {"containerUri": image}}
