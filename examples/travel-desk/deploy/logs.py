"""`uv run logs`: what the deployed agent prints."""

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from . import runtimes
from .command import Context, parser, run
from .errors import DeployError

Json = dict[str, Any]
PREFIX = "/aws/bedrock-agentcore/runtimes/"
LINES = "[runtime-logs"  # in the name of a stream of the agent's own lines; others hold spans
LAST = 20  # lines shown after a failure
POLL_SECONDS = 2
KEY = "Its policy must let logs.{0}.amazonaws.com use it: `streamplate doctor --aws` shows the statement."


def main() -> int:
    """The console script."""
    options = parser("logs", "Show what the deployed agent prints.")
    options.add_argument("--endpoint", metavar="NAME", default="DEFAULT", help="default: %(default)s")
    options.add_argument("--minutes", type=int, default=60, help="how far back (default: %(default)s)")
    options.add_argument("--follow", action="store_true", help="go on until Ctrl-C")
    return run(options, show)


def show(context: Context) -> list[Json] | None:
    """Print the lines as they come; with --json and without --follow they are returned."""
    options, group = context.options, f"{PREFIX}{runtimes.require(context)['id']}-{context.options.endpoint}"
    start = int((time.time() - options.minutes * 60) * 1000)
    if options.json and not options.follow:
        return list(_events(context, group, start))
    seen = set[str]()
    while True:
        for event in _events(context, group, start):
            if event["eventId"] not in seen:
                moment = datetime.fromtimestamp(event["timestamp"] / 1000).astimezone()
                print(f"{moment:%H:%M:%S} {event['message'].rstrip()}", flush=True)
            seen.add(event["eventId"])
        if not options.follow:
            return None
        time.sleep(POLL_SECONDS)


def tail(context: Context, runtime_id: str, endpoint: str) -> list[str]:
    """The last lines of the last quarter of an hour."""
    found = _events(context, f"{PREFIX}{runtime_id}-{endpoint}", int((time.time() - 900) * 1000))
    return [event["message"].rstrip() for event in found][-LAST:]


def groups(context: Context, prefix: str) -> dict[str, tuple[int | None, str | None]]:
    """Log groups, one an endpoint: for how many days each keeps its lines, and its key. They outlive the runtime."""
    pages = context.client("logs").get_paginator("describe_log_groups")
    found = pages.paginate(logGroupNamePrefix=f"{PREFIX}{prefix}-")
    rows = (group for page in found for group in page["logGroups"])
    return {group["logGroupName"]: (group.get("retentionInDays"), group.get("kmsKeyId")) for group in rows}


def keep(context: Context, runtime_id: str, endpoints: set[str]) -> bool:
    """Keep each endpoint's log for `log_days`, under `kms_key`; whether anything had to be done.

    Not in the stack: AgentCore makes the groups itself, and CloudFormation refuses one that exists.
    """
    logs, days, key = context.client("logs"), context.config.log_days, context.config.kms_key
    found = groups(context, runtime_id)
    names = [f"{PREFIX}{runtime_id}-{each}" for each in sorted(endpoints)]
    wrong = [name for name in names if found.get(name) != (days, key)]
    with context.report.step("Logs") as step:
        for name in wrong:
            with suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_group(logGroupName=name)
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
            if key != found.get(name, (None, None))[1]:
                _encrypt(logs, name, key)
        step.note = f"kept for {days} days{'' if wrong else ', as they were'}"
    return bool(wrong)


def _encrypt(logs: Any, name: str, key: str | None) -> None:
    if not key:
        logs.disassociate_kms_key(logGroupName=name)
        return
    try:
        logs.associate_kms_key(logGroupName=name, kmsKeyId=key)
    except logs.exceptions.InvalidParameterException as error:
        raise DeployError(f"{error}", KEY.format(logs.meta.region_name)) from error


def _events(context: Context, group: str, start: int) -> Iterator[Json]:
    logs = context.client("logs")
    pages = logs.get_paginator("filter_log_events")
    try:
        for page in pages.paginate(logGroupName=group, startTime=start):
            yield from (event for event in page["events"] if LINES in event["logStreamName"])
    except logs.exceptions.ResourceNotFoundException:
        return  # nothing was printed yet


if __name__ == "__main__":
    sys.exit(main())
