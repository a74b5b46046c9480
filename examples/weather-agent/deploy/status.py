"""`uv run status`: what is deployed, what serves it, and what was changed past the stack."""

import sys
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from . import runtimes
from .command import Context, parser, run
from .stack import Stack

Json = dict[str, Any]


def main() -> int:
    """The console script."""
    return run(parser("status", "Show the deployed agent: versions, endpoints and drift."), status)


def status(context: Context) -> Json:
    """Print the state; with --json it is returned."""
    client, outputs, stack = runtimes.control(context), runtimes.require(context), Stack(context, context.config.stack)
    runtime = client.get_agent_runtime(agentRuntimeId=outputs["id"])
    state = {
        "name": runtime["agentRuntimeName"],
        "arn": runtime["agentRuntimeArn"],
        "stack": (stack.find() or {})["StackStatus"],
        "status": runtime["status"],
        "failure": runtime.get("failureReason"),
        "version": runtime["agentRuntimeVersion"],
        "platform": runtime.get("platformVersion"),
        "updated": runtime["lastUpdatedAt"],
        "endpoints": [_endpoint(each) for each in runtimes.endpoints(client, outputs["id"])],
        "versions": [_version(each) for each in runtimes.versions(client, outputs["id"])],
        "drift": list(stack.drift()),
    }
    if not context.options.json:
        _print(state)
    return state


def _endpoint(endpoint: Json) -> Json:
    return {"name": endpoint["name"], "status": endpoint["status"], "serves": endpoint.get("liveVersion")}


def _version(version: Json) -> Json:
    return {"version": version["agentRuntimeVersion"], "status": version["status"], "made": version["lastUpdatedAt"]}


def _print(state: Json) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{state['arn']}\nversion {state['version']} is {state['status']}", markup=False)
    if state["failure"]:
        console.print(state["failure"], style="red", markup=False)
    for title in ("endpoints", "versions", "drift"):
        if state[title]:
            table = Table(*state[title][0], title=title.capitalize(), title_justify="left")
            for row in state[title]:
                table.add_row(*(_shown(value) for value in row.values()))
            console.print(table)


def _shown(value: Any) -> str:
    return f"{value.astimezone():%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


if __name__ == "__main__":
    sys.exit(main())
