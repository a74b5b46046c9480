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
ENDPOINT = {"name": "name", "status": "status", "serves": "liveVersion"}
VERSION = {"version": "agentRuntimeVersion", "status": "status", "made": "lastUpdatedAt"}


def main() -> int:
    """The console script."""
    return run(parser("status", "Show the deployed agent: versions, endpoints and drift."), status)


def status(context: Context) -> Json:
    """Print the state; with --json it is returned."""
    client, outputs, stack = runtimes.control(context), runtimes.require(context), Stack(context)
    runtime = client.get_agent_runtime(agentRuntimeId=outputs["id"])
    state = {
        "name": runtime["agentRuntimeName"],
        "arn": runtime["agentRuntimeArn"],
        "stack": (made := stack.find() or {}).get("StackStatus"),
        "status": runtime["status"],
        "failure": runtime.get("failureReason"),
        "version": runtime["agentRuntimeVersion"],
        "platform": runtime.get("platformVersion"),
        "updated": runtime["lastUpdatedAt"],
        "endpoints": _rows(runtimes.endpoints(client, outputs["id"]), ENDPOINT),
        "versions": _rows(runtimes.versions(client, outputs["id"]), VERSION),
        "drift": list(stack.drift()) if made else [],
    }
    if not context.options.json:
        _print(state)
    return state


def _rows(found: list[Json], columns: dict[str, str]) -> list[Json]:
    return [{name: each.get(field) for name, field in columns.items()} for each in found]


def _print(state: Json) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{state['arn']}\nversion {state['version']} is {state['status']}", markup=False)
    if state["failure"]:
        console.print(state["failure"], style="red", markup=False)
    for title, rows in state.items():
        if rows and isinstance(rows, list):
            table = Table(*rows[0], title=title.capitalize(), title_justify="left")
            for row in rows:
                table.add_row(*map(_shown, row.values()))
            console.print(table)


def _shown(value: Any) -> str:
    return f"{value.astimezone():%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


if __name__ == "__main__":
    sys.exit(main())
