"""`uv run destroy`: remove what this project made on AWS, and nothing else."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from . import logs, runtimes, storage
from .command import Context, parser, run
from .stack import Stack


def main() -> int:
    """The console script."""
    options = parser("destroy", "Remove the deployed agent and everything that was made for it.")
    options.add_argument("--yes", action="store_true", help="do not ask")
    return run(options, destroy)


def destroy(context: Context) -> dict[str, list[str]]:
    """List what this project made, ask, and remove it. What broke off is found again by the next run."""
    runtimes.refuse_a_stranger(context)
    removals = {**_stack(Stack(context)), **_logs(context), **_artifacts(context)}
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


def _stack(stack: Stack) -> dict[str, Callable[[], Any]]:
    made = ", ".join(f"{name} {each.rpartition('/')[2]}" for name, each in stack.resources().items())
    return {f"stack {stack.name}: {made}": stack.delete} if stack.find() else {}


def _logs(context: Context) -> dict[str, Callable[[], Any]]:
    delete, found = context.client("logs").delete_log_group, logs.groups(context, context.config.name)
    return {f"log group {name}": partial(delete, logGroupName=name) for name in found}


def _artifacts(context: Context) -> dict[str, Callable[[], Any]]:
    """The stack of packages and images, which CloudFormation removes once its bucket is empty."""
    packages = {f"package {key}": remove for key, remove in storage.packages(context).items()}
    return packages | _stack(Stack(context, "-artifacts"))


if __name__ == "__main__":
    sys.exit(main())
