"""`uv run destroy`: remove what this project made on AWS, and nothing else."""

from collections.abc import Callable
from functools import partial
from typing import Any

from . import logs, older, storage
from .command import Context, parser, run
from .errors import DeployError
from .stack import Stack

OLDER = "{0} was deployed by an earlier release, and is in no stack."


def main() -> int:
    """The console script."""
    options = parser("destroy", "Remove the deployed agent and everything that was made for it.")
    options.add_argument("--yes", action="store_true", help="do not ask")
    return run(options, destroy)


def destroy(context: Context) -> dict[str, list[str]]:
    """List what this project made, ask, and remove it. What broke off is found again by the next run."""
    removals = {**_agent(context), **_logs(context), **_artifacts(context)}
    for what in removals:
        context.report.say(f"- {what}")
    if not removals:
        context.report.say("Nothing of this project is deployed.")
        return {"removed": []}
    context.confirm("All of this would be removed.")
    for what, remove in removals.items():
        with context.report.step(f"Removed {what}"):
            remove()
    return {"removed": list(removals)}


def _agent(context: Context) -> dict[str, Callable[[], Any]]:
    stack = Stack(context)
    if stack.find():
        return {f"stack {stack.name}: {_made(stack)}": stack.delete}
    if runtime := older.find(context):
        raise DeployError(OLDER.format(runtime["agentRuntimeId"]), "`uv run deploy` takes it over first.")
    return {}


def _made(stack: Stack) -> str:
    return ", ".join(f"{name} {made.rpartition('/')[2]}" for name, made in stack.resources().items())


def _logs(context: Context) -> dict[str, Callable[[], Any]]:
    delete, found = context.client("logs").delete_log_group, logs.groups(context, context.config.name)
    return {f"log group {name}": partial(delete, logGroupName=name) for name in found}


def _artifacts(context: Context) -> dict[str, Callable[[], Any]]:
    """The stack of packages and images, which CloudFormation removes once its bucket is empty."""
    stack, found = Stack(context, "-artifacts"), dict[str, Callable[[], Any]]()
    bucket = stack.outputs().get("bucket") or context.config.bucket
    if bucket and (packages := storage.packages(context, bucket)):
        what = f"{len(packages)} packages in s3://{bucket}/{context.config.name}/"
        found[what] = partial(storage.remove, context, bucket, packages)
    if stack.find():
        found[f"stack {stack.name}: {_made(stack)}"] = stack.delete
    return found
