"""`uv run invoke "…"`: ask the deployed agent, and see its answer as it arrives."""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

from ag_ui.core import (
    ActivitySnapshotEvent,
    Event,
    Interrupt,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    TextMessageContentEvent,
    TextMessageEndEvent,
    ToolCallStartEvent,
)

from . import caller, logs, runtimes
from .command import Context, parser, run
from .errors import DeployError
from clients import files
from clients.python import AgentClient, AgentError, new_session
from clients.stream import asked

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
    person = _person if sys.stdin.isatty() and not context.options.json else None
    try:
        for event in _answer(caller.agent(context, arn, endpoint), question, session, person):
            show(event)
    except AgentError as error:
        if error.code != "RuntimeClientError":
            raise
        raise _explained(context, arn, endpoint, error) from error


def _answer(agent: AgentClient, question: str, session: str, person: Any) -> Iterator[Event]:
    """The turn's events; while AgentCore is too busy to take the question, it is asked again."""
    for attempt in range(1, ATTEMPTS):
        try:
            return (yield from agent.stream(question, session, approve=person))
        except AgentError as error:
            if error.code not in BUSY:
                raise
        time.sleep(0.5 * 2**attempt)
    yield from agent.stream(question, session, approve=person)


def _person(interrupt: Interrupt) -> bool | dict[str, Any] | None:
    """What who sits at the terminal answers: yes or no, or each field; Ctrl-D cancels it."""
    _show_question(interrupt)
    properties = (interrupt.response_schema or {}).get("properties", {})
    try:
        if "approved" in properties:
            return _typed("[y]es, [n]o").lower() in ("y", "yes")
        return {name: _value(schema, _typed(name)) for name, schema in properties.items()}
    except EOFError:
        return None


def _show_question(interrupt: Interrupt) -> None:
    print("?", *filter(None, asked(interrupt.message, interrupt.metadata)), file=sys.stderr, flush=True)


def _typed(label: str) -> str:
    print(f"  {label}: ", end="", file=sys.stderr, flush=True)
    if not (line := sys.stdin.readline()):
        raise EOFError
    return line.strip()


def _value(schema: dict[str, Any], text: str) -> Any:
    """What was typed, as the type that the schema asks for; the agent tells what does not fit."""
    try:
        return text if schema.get("type", "string") == "string" else json.loads(text)
    except ValueError:
        return text


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
        case RunFinishedEvent(outcome=RunFinishedInterruptOutcome(interrupts=asks)) if not sys.stdin.isatty():
            for interrupt in asks:
                _show_question(interrupt)
            print("The agent waits for an answer: ask it in a terminal.", file=sys.stderr, flush=True)
        case RunFinishedEvent(result=result) if result is not None:
            print(json.dumps(result, ensure_ascii=False, indent=2), flush=True)


if __name__ == "__main__":
    sys.exit(main())
