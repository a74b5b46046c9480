"""`uv run sessions stop ID` ends a session early; `uv run sessions exec ID -- COMMAND` runs a command in it."""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import httpx2
from botocore.eventstream import EventStreamBuffer, EventStreamMessage, ParserError

from . import caller, runtimes
from .command import Context, parser, run
from .errors import DeployError
from clients.python import AgentClient
from clients.stream import SESSION_HEADER, AgentError, connection, explained, refusal


def main() -> int:
    """The console script."""
    options = parser("sessions", "End a session of the deployed agent, or run a command in its machine.")
    options.epilog = "A command stands after --: uv run sessions exec ID -- ls -la"
    options.add_argument("action", choices=ACTIONS, help="end the session, or run a command in its machine")
    options.add_argument("session", metavar="ID", help="as `uv run invoke` prints it")
    options.add_argument("--endpoint", metavar="NAME", default="DEFAULT", help="default: %(default)s")
    options.add_argument("--timeout", metavar="SECONDS", type=_seconds, default=300, help="of exec (%(default)s)")
    options.set_defaults(command=_after_dashes())
    return run(options, lambda context: ACTIONS[context.options.action](context))


def _seconds(text: str) -> int:
    """Within what AgentCore takes: an hour at most."""
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 3600:
        raise argparse.ArgumentTypeError("give 1 to 3600 seconds")
    return int(text)


def _after_dashes() -> list[str]:
    """What stands after `--`; argparse, which would take options in it for its own, does not see it."""
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    command = sys.argv[at + 1 :]
    del sys.argv[at:]
    return command


def stop(context: Context) -> dict[str, str]:
    """End it; a session that does not run is an error."""
    session = context.options.session
    if context.options.command:
        raise DeployError("`sessions stop` takes no command.", "To run one: uv run sessions exec ID -- COMMAND")
    agent = _agent(context)
    url = _address(agent, "stopruntimesession")
    with httpx2.Client(auth=agent.auth, **connection(url)) as client, explained(url):
        response = client.post(url, json={}, headers={SESSION_HEADER: session})
    if not response.is_success:
        raise refusal(response, response.content)
    context.report.say(f"Session {session} has ended.")
    return {"session": session, "status": "stopped"}


def execute(context: Context) -> None:
    """Run a command, show its output as it comes, and exit with its code; with --json, one event a line."""
    options = context.options
    if not options.command:
        raise DeployError("Give a command.", "Such as: uv run sessions exec ID -- ls -la")
    try:
        for event in _output(_agent(context), options.session, _line(options.command), options.timeout):
            _show(event, options.json)
            if ended := event.get("contentStop"):
                _end(ended, options.timeout)
    except KeyboardInterrupt:
        raise DeployError(f"The command may still run, for {options.timeout} seconds at most.") from None
    except BrokenPipeError:
        raise DeployError("Nobody reads the output any more. The command may still run.") from None
    raise DeployError("The connection broke before the command had ended.")


def _end(ended: dict[str, Any], seconds: int) -> NoReturn:
    if ended.get("status") != "COMPLETED":
        raise DeployError(f"The command was ended after {seconds} seconds.", "--timeout gives it more.")
    sys.exit(ended.get("exitCode", 1))


def _line(command: list[str]) -> str:
    """A line for the shell: as it is given, or made of words."""
    return command[0] if len(command) == 1 else shlex.join(command)


def _show(event: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(event), flush=True)
        return
    told = event.get("contentDelta") or {}
    for stream, text in ((sys.stdout, told.get("stdout")), (sys.stderr, told.get("stderr"))):
        stream.buffer.write((text or "").encode(stream.encoding, errors="replace"))
        stream.flush()


def _output(agent: AgentClient, session: str, command: str, seconds: int) -> Iterator[dict[str, Any]]:
    """The events of InvokeAgentRuntimeCommand. Raises `AgentError`."""
    url = _address(agent, "commands")
    headers = {SESSION_HEADER: session, "accept": "application/vnd.amazon.eventstream"}
    options = connection(url) | {"timeout": httpx2.Timeout(10.0, read=seconds + 60.0)}
    messages = EventStreamBuffer()
    with (
        explained(url),
        httpx2.Client(auth=agent.auth, **options) as client,
        client.stream("POST", url, json={"command": command, "timeout": seconds}, headers=headers) as response,
    ):
        if not response.is_success:
            raise refusal(response, response.read())
        for data in response.iter_raw():
            messages.add_data(data)
            try:
                told = [*map(_event, messages)]
            except (ParserError, ValueError) as error:
                raise AgentError("invalid_answer", "What came is not the output of a command.") from error
            yield from told


def _event(message: EventStreamMessage) -> dict[str, Any]:
    told = json.loads(message.payload or b"{}")
    if not isinstance(told, dict):
        raise ValueError(told)
    if message.headers.get(":message-type") == "event":
        return told
    code = message.headers.get(":exception-type") or message.headers.get(":error-code", "error")
    said = told.get("message") or message.headers.get(":error-message")
    raise AgentError(code, said or "AgentCore could not run the command.")


def _agent(context: Context) -> AgentClient:
    options = context.options
    return caller.agent(context, runtimes.require(context)["arn"], options.endpoint)


def _address(agent: AgentClient, operation: str) -> str:
    """Where AgentCore does this, for whatever lets the caller in: AWS's SDK can't with a bearer token."""
    return agent.url.replace("/invocations?", f"/{operation}?")


ACTIONS = {"stop": stop, "exec": execute}


if __name__ == "__main__":
    sys.exit(main())
