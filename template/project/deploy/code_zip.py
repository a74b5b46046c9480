"""Direct code deployment: a zip of the agent and its dependencies, in S3."""

from collections.abc import Callable
from typing import Any

from . import policies, storage
from .cloud import Cloud
from .command import Context
from .config import PYTHON
from .package import Package, build
from .package.build import ENTRY_POINT
from .package.checks import MEGABYTE
from .package.trim import sizes, tree_size

NO_BYTECODE = f"without bytecode, for there is no Python {PYTHON} here: cold starts take a second longer"


def publish(context: Context) -> dict[str, Any]:
    """Build the package and put it in S3; returns AgentCore's `agentRuntimeArtifact`."""
    cloud, config = context.cloud, context.config
    with context.report.step("Package") as step:
        package = build(config)
        step.note = _summary(package)
    with context.report.step("Upload") as step:
        sent = storage.upload(cloud, config, package.zip, f"{config.name}/{package.key}")
        place = f"s3://{policies.bucket_name(cloud, config)}/{config.name}/{package.key}"
        step.note = place if sent else f"{place}, as it was"
    return _artifact(cloud, context, package)


def describe(context: Context, cloud: Cloud) -> tuple[dict[str, Any], dict[str, str]]:
    """The artifact, and the size of each part of the package."""
    package = build(context.config)
    parts = {name: _megabytes(size) for name, size in sizes(package.tree).most_common()}
    return _artifact(cloud, context, package), parts | {"in all": _summary(package)}


def removals(context: Context) -> dict[str, Callable[[], Any]]:
    """What `destroy` would remove, and how."""
    return storage.removals(context.cloud, context.config)


def _artifact(cloud: Cloud, context: Context, package: Package) -> dict[str, Any]:
    config = context.config
    location = {"bucket": policies.bucket_name(cloud, config), "prefix": f"{config.name}/{package.key}"}
    runtime = f"PYTHON_{PYTHON.replace('.', '_')}"
    return {"codeConfiguration": {"code": {"s3": location}, "runtime": runtime, "entryPoint": [ENTRY_POINT]}}


def _summary(package: Package) -> str:
    size = f"{_megabytes(package.zip.stat().st_size)} zipped, {_megabytes(tree_size(package.tree))} unzipped"
    return size if package.compiled else f"{size}, {NO_BYTECODE}"


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"
