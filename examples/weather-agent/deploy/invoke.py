"""`uv run invoke "…"`: ask the deployed agent, and see its answer as it arrives."""

import argparse
import re
import sys
import time
from collections.abc import Iterator

from ag_ui.core import ActivitySnapshotEvent, Event, TextMessageContentEvent, TextMessageEndEvent, ToolCallStartEvent

from . import caller, logs, runtimes
from .command import Context, parser, run
from .errors import DeployError
from clients import files
from clients.over_a2a import AgentClient, AgentError, new_session

BUSY = ("ThrottlingException", "RetryableConflictException")  # the agent has not seen the question
ATTEMPTS = 4


def main() -> int:
    """The console script."""
    options = parser("invoke", "Ask the deployed agent.")
    options.add_argument("question", nargs="+")
    options.add_argument("--session", metavar="ID", type=_session, help="go on with this session (default: a new one)")
    options.add_argument("--endpoint", metavar="NAME", default="DEFAULT", help="default: %(default)s")
    return run(options, invoke)


def _session(value: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{32,99}", value):
        raise argparse.ArgumentTypeError("a session id is 33 to 100 letters, digits, dashes and underscores")
    return value


def invoke(context: Context) -> None:
    """Ask, and say how to go on."""
    options = context.options
    session = options.session or new_session()
    ask(context, runtimes.require(context)["arn"], " ".join(options.question), session, options.endpoint)
    context.report.say(f"Go on with: uv run invoke --session {session} …")


def ask(context: Context, arn: str, question: str, session: str, endpoint: str) -> None:
    """One turn, shown as it streams: text, or with --json one event a line."""
    show = _show_json if context.options.json else _show_text
    try:
        for event in _answer(caller.agent(context, arn, endpoint), question, session):
            show(event)
    except AgentError as error:
        if error.code != "RuntimeClientError":
            raise
        raise _explained(context, arn, endpoint, error) from error


def _answer(agent: AgentClient, question: str, session: str) -> Iterator[Event]:
    """The turn's events; while AgentCore is too busy to take the question, it is asked again."""
    for attempt in range(1, ATTEMPTS):
        try:
            return (yield from agent.stream(question, session))
        except AgentError as error:
            if error.code not in BUSY:
                raise
        time.sleep(0.5 * 2**attempt)
    yield from agent.stream(question, session)


def _explained(context: Context, arn: str, endpoint: str, error: AgentError) -> DeployError:
    """The agent did not start, or failed: its own last words say more than AgentCore does."""
    lines = logs.tail(context, arn.rpartition("/")[2], endpoint)
    said = "\n".join(f"  {line}" for line in lines) or "  (nothing yet)"
    return DeployError(f"{error}\nThe end of its log:\n{said}", "All of it: `uv run logs`.")


def _show_json(event: Event) -> None:
    print(event.model_dump_json(by_alias=True), flush=True)


def _show_text(event: Event) -> None:
    if getattr(event, "subagent_run_id", None):
        return  # what another agent says is no part of this one's answer
    match event:
        case TextMessageContentEvent(delta=delta):
            print(delta, end="", flush=True)
        case TextMessageEndEvent():
            print(flush=True)
        case ToolCallStartEvent(tool_call_name=name):
            print(f"· {name}", file=sys.stderr, flush=True)
        case ActivitySnapshotEvent(activity_type=files.ACTIVITY):
            print(f"· {files.file_of(event.content)}: --json has its bytes", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
