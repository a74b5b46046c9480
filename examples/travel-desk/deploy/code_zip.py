"""Direct code deployment: a zip of the agent and its dependencies, in S3."""

from collections.abc import Callable
from typing import Any

from . import storage
from .command import Context
from .package import Package, build
from .package.build import ENTRY_POINT
from .package.checks import MEGABYTE
from .package.trim import sizes, tree_size

NO_BYTECODE = "without bytecode, for uv finds no Python {0}: cold starts take a second longer"


def publish(context: Context) -> dict[str, Any]:
    """Build the package and put it in S3; returns CloudFormation's `AgentRuntimeArtifact`."""
    package = _built(context)
    bucket = storage.ensure(context)["bucket"]
    with context.report.step("Upload") as step:
        key = f"{context.config.name}/{package.zip.name}"
        sent = storage.upload(context, bucket, package.zip, key)
        step.note = f"s3://{bucket}/{key}{'' if sent else ', as it was'}"
    return _artifact(context, bucket, package)


def describe(context: Context) -> tuple[dict[str, Any], dict[str, str]]:
    """The artifact, and the size of each part of the package."""
    package, bucket = _built(context), context.config.bucket or f"{context.config.stack}-artifacts"
    parts = {name: f"{size / MEGABYTE:.1f} MB" for name, size in sizes(package.tree).most_common()}
    return _artifact(context, bucket, package), parts | {"in all": _summary(context, package)}


def stored(context: Context) -> dict[str, Callable[[], Any]]:
    """The packages in the project's own bucket, newest first, each with what removes it.

    A bucket of yours is yours: another account or region may run what is in it.
    """
    return {} if context.config.bucket else storage.packages(context)


def _built(context: Context) -> Package:
    with context.report.step("Package") as step:
        package = build(context.config)
        step.note = _summary(context, package)
    return package


def _artifact(context: Context, bucket: str, package: Package) -> dict[str, Any]:
    location = {"Bucket": bucket, "Prefix": f"{context.config.name}/{package.zip.name}"}
    runtime = f"PYTHON_{context.config.python.replace('.', '_')}"
    return {"CodeConfiguration": {"Code": {"S3": location}, "Runtime": runtime, "EntryPoint": [ENTRY_POINT]}}


def _summary(context: Context, package: Package) -> str:
    size, files = package.zip.stat().st_size / MEGABYTE, tree_size(package.tree) / MEGABYTE
    what = f"{size:.1f} MB zipped, {files:.1f} MB unzipped, arm64, Python {context.config.python}"
    return what if package.compiled else f"{what}, {NO_BYTECODE.format(context.config.python)}"
