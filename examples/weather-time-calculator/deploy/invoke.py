"""`uv run invoke "…"`: ask the deployed agent, and see its answer as it arrives."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from . import caller, logs, runtimes
from .command import Context, parser, run
from .errors import DeployError
from .stream import events

Json = dict[str, Any]


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


def new_session() -> str:
    """A session id as AgentCore wants it: 33 to 100 characters, here 36."""
    return str(uuid4())


def invoke(context: Context) -> None:
    """Ask, and say how to go on."""
    options = context.options
    runtime = runtimes.require(context.cloud.client("bedrock-agentcore-control"), context.config.name)
    session = options.session or new_session()
    ask(context, runtime, " ".join(options.question), session, options.endpoint)
    context.report.say(f"Go on with: uv run invoke --session {session} …")


def ask(context: Context, runtime: Json, question: str, session: str, endpoint: str) -> None:
    """One turn, shown as it streams: text, or with --json one event a line."""
    show = _show_json if context.options.json else _show_text
    for event in events(_answer(context, runtime, question, session, endpoint)):
        show(event)


def _answer(context: Context, runtime: Json, question: str, session: str, endpoint: str) -> Iterator[bytes]:
    body = json.dumps(request_body(question, session)).encode()
    try:
        yield from caller.call(context.cloud, runtime["agentRuntimeArn"], body, session, endpoint)
    except ClientError as error:
        if error.response["Error"]["Code"] != "RuntimeClientError":
            raise
        raise _explained(context, runtime, endpoint, error) from error


def _explained(context: Context, runtime: Json, endpoint: str, error: ClientError) -> DeployError:
    """The agent did not start, or failed: its own last words say more than AgentCore does."""
    lines = logs.tail(context.cloud, runtime["agentRuntimeId"], endpoint)
    said = "\n".join(f"  {line}" for line in lines) or "  (nothing yet)"
    message = error.response["Error"]["Message"]
    return DeployError(f"{message}\nThe end of its log:\n{said}", "All of it: `uv run logs`.")


def _show_json(event: Json) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)


def _show_text(event: Json) -> None:
    match event:
        case {"type": "TEXT_MESSAGE_CONTENT", "delta": delta}:
            print(delta, end="", flush=True)
        case {"type": "TEXT_MESSAGE_END"}:
            print(flush=True)
        case {"type": "TOOL_CALL_START", "toolCallName": name}:
            print(f"· {name}", file=sys.stderr, flush=True)


def request_body(prompt: str, thread_id: str) -> dict[str, Any]:
    """What one turn sends. The session travels in the header, not in the body."""
    return {"prompt": prompt}


if __name__ == "__main__":
    sys.exit(main())
