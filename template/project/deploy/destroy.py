"""`uv run destroy`: remove what this project made on AWS, and nothing else."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import logs, policies, roles, runtimes
from .artifacts import ARTIFACTS
from .command import Context, parser, run
from .errors import DeployError


@dataclass(frozen=True)
class Removal:
    """One thing that would go, and how."""

    what: str
    act: Callable[[], Any]


def main() -> int:
    """The console script."""
    options = parser("destroy", "Remove the deployed agent and everything that was made for it.")
    options.add_argument("--yes", action="store_true", help="do not ask")
    return run(options, destroy)


def destroy(context: Context) -> dict[str, list[str]]:
    """List what this project made, ask, and remove it. What broke off is found again by the next run."""
    removals = [*_runtime(context), *_logs(context), *_role(context), *_artifacts(context)]
    for removal in removals:
        context.report.say(f"- {removal.what}")
    if not removals:
        context.report.say("Nothing of this project is deployed.")
    elif _agreed(context):
        for removal in removals:
            with context.report.step(f"Removed {removal.what}"):
                removal.act()
    return {"removed": [removal.what for removal in removals]}


def _agreed(context: Context) -> bool:
    if context.options.yes:
        return True
    if context.options.json:
        raise DeployError("destroy --json does not ask.", "Add --yes.")
    try:
        answer = input("Remove all of this? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise DeployError("Nothing was removed.")
    return True


def _runtime(context: Context) -> list[Removal]:
    control = context.cloud.client("bedrock-agentcore-control")
    runtime = runtimes.find_own(control, context.config.name)
    if runtime is None:
        return []
    identity = runtime["agentRuntimeId"]
    return [Removal(f"runtime {identity}, its endpoints and sessions", lambda: runtimes.delete(control, identity))]


def _logs(context: Context) -> list[Removal]:
    groups = logs.groups(context.cloud, context.config.name)
    return [Removal(f"log group {group}", partial(logs.delete, context.cloud, group)) for group in groups]


def _role(context: Context) -> list[Removal]:
    cloud, name = context.cloud, policies.role_name(context.cloud, context.config)
    if context.config.role or not roles.find(cloud, name):
        return []
    return [Removal(f"role {name}", lambda: roles.delete(cloud, name))]


def _artifacts(context: Context) -> list[Removal]:
    found: dict[str, Callable[[], Any]] = {}
    for artifact in ARTIFACTS.values():
        found |= artifact.removals(context)  # two of them may use one bucket
    return [Removal(what, act) for what, act in found.items()]


if __name__ == "__main__":
    sys.exit(main())
