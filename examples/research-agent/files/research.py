"""Research that continues without you.

    uv run python research.py start NAME QUESTION
    uv run python research.py read NAME
    uv run python research.py stop NAME

`start` leaves as soon as the run has begun. `read` shows what came since the last time, and what comes.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2

from clients.python import AgentClient, AgentError, new_session
from clients.stream import SESSION_HEADER, accepted, address, connection, explained

AGENT = AgentClient()  # the one that `serve` runs here; AgentClient.deployed(arn) for one on AWS
FOLDER = Path(".research")
"""A file for each research: its session, its run, and the number of the last event that was read."""


def start(name: str, question: str) -> None:
    """Ask, and leave. Raises `AgentError` where a research of this name has not been read to its end."""
    if (FOLDER / f"{name}.json").exists() and not kept(name).get("last"):
        message = f"The research {name!r} has not been read to its end. Read it, or take another name."
        raise AgentError("name_taken", message)
    session = new_session()
    _, started = next(events(session, {"prompt": question, "background": True}))
    keep(name, {"session": session, "run": started["runId"], "after": 0})
    print(f"It goes on. Read it: uv run python research.py read {name}")


def read(name: str, seconds: float) -> None:
    """Show what is new, for some seconds at most."""
    known = kept(name)
    end = time.monotonic() + seconds
    follow = {"follow": {"runId": known["run"], "after": known["after"]}}
    last = known.get("last")
    for number, event in () if last else events(known["session"], follow):
        last = event if event["type"] in ("RUN_FINISHED", "RUN_ERROR") else None
        keep(name, known | {"after": number, "last": last})
        show(event)
        if time.monotonic() > end:
            break
    print(f"\nIt has ended: {outcome(last)}." if last else "\nIt goes on.")


def show(event: dict[str, Any]) -> None:
    """Print what an event tells."""
    match event["type"]:
        case "TEXT_MESSAGE_CONTENT":
            print(event["delta"], end="", flush=True)
        case "TOOL_CALL_START":
            print(f"\n[{event['toolCallName']}]")


def outcome(last: dict[str, Any]) -> str:
    """How a run ended, as its last event says."""
    return str(last["message"] if last["type"] == "RUN_ERROR" else last["outcome"]["type"])


def events(session: str, body: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the agent answers, each event with its number. Leaving early ends no run in the background."""
    request: dict[str, Any] = {"json": body, "headers": {SESSION_HEADER: session}, "max_event_size": None}
    with (
        explained(AGENT.url),
        httpx2.Client(auth=AGENT.auth, **connection(AGENT.url)) as client,
        client.sse(address(AGENT.url), method="POST", **request) as source,
    ):
        accepted(source.response)
        for message in source:
            if message.data:
                yield int(message.id or 0), json.loads(message.data)


def keep(name: str, known: dict[str, Any]) -> None:
    """Write down where a research is."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(known), "utf-8")


def kept(name: str) -> dict[str, Any]:
    """What was written down. Raises `AgentError`."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        raise AgentError("unknown", f"There is no research {name!r} here. Start it first.")
    known: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return known


def word(text: str) -> str:
    """A name that a file can have."""
    if not text.isalnum():
        raise argparse.ArgumentTypeError("a name has letters and digits only")
    return text


def main(arguments: Sequence[str]) -> None:
    """Do what is asked. Raises `AgentError`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=["start", "read", "stop"])
    parser.add_argument("name", type=word)
    parser.add_argument("question", nargs="?", default="")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="how long to read")
    given = parser.parse_args(arguments)
    match given.do:
        case "start":
            start(given.name, given.question)
        case "read":
            read(given.name, given.seconds)
        case "stop":
            known = kept(given.name)
            print(f"It has ended: {AGENT.cancel(known['session'], known['run'])}.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except AgentError as error:
        sys.exit(f"{error} ({error.code})")
