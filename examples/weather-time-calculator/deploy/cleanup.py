"""What is old is removed: versions of the runtime, packages and images, but never what something runs."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from . import runtimes
from .artifacts import ARTIFACTS
from .command import Context
from .stack import Stack

FAILED = "What is old was not removed: {0}"


def remove(context: Context, runtime_id: str) -> list[str]:
    """Remove all but the newest `keep_versions` and what is in use; returns what went.

    The deployment is done by then, so a failure is only told: the next deployment tries again.
    """
    removed: list[str] = []
    try:
        removed.extend(_versions(context, runtime_id))
        removed.extend(_artifacts(context))
    except ClientError as error:
        context.report.say(FAILED.format(error))
    if removed:
        context.report.say(f"Removed, for it is old and nothing runs it: {', '.join(removed)}.")
    return removed


def _versions(context: Context, runtime_id: str) -> Iterator[str]:
    """Those that no endpoint serves or is about to serve."""
    client = runtimes.control(context)
    points = runtimes.endpoints(client, runtime_id)
    served = {each.get(version) for each in points for version in ("liveVersion", "targetVersion")}
    for each in runtimes.versions(client, runtime_id)[context.config.keep_versions :]:
        if (version := each["agentRuntimeVersion"]) not in served:
            client.delete_agent_runtime(agentRuntimeId=runtime_id, agentRuntimeVersion=version)
            yield f"version {version}"


def _artifacts(context: Context) -> Iterator[str]:
    """Packages and images that no version of an environment has, and the stack's template neither."""
    stored = [list(each.stored(context).items()) for each in ARTIFACTS.values()]
    old = [each for kind in stored for each in kind[context.config.keep_versions :]]
    used = set(_used(context)) if old else set()
    for name, remove_it in old:
        if name not in used:
            remove_it()
            yield name


def _used(context: Context) -> Iterator[str]:
    """The keys of packages and the images of every version of every environment.

    An environment that deploy.toml does not name any longer is known by the beginning of its name.
    """
    client, names = runtimes.control(context), {each.name for each in context.config.family}
    yield _place(runtimes.respelt(Stack(context).artifact(), str.lower))
    for page in client.get_paginator("list_agent_runtimes").paginate():
        for found in page["agentRuntimes"]:
            if found["agentRuntimeName"] in names or found["agentRuntimeName"].startswith(context.config.source.name):
                yield from _run_by(client, found["agentRuntimeId"])


def _run_by(client: Any, runtime_id: str) -> Iterator[str]:
    for each in runtimes.versions(client, runtime_id):
        version = {"agentRuntimeId": runtime_id, "agentRuntimeVersion": each["agentRuntimeVersion"]}
        with suppress(client.exceptions.ResourceNotFoundException):  # it is being removed
            yield _place(client.get_agent_runtime(**version)["agentRuntimeArtifact"])


def _place(artifact: Any) -> str:
    """The key of a package, or the address of an image."""
    if "containerConfiguration" in artifact:
        return str(artifact["containerConfiguration"]["containerUri"])
    return str(artifact["codeConfiguration"]["code"]["s3"]["prefix"])
