"""`uv run sessions stop ID`: end a session before its time, and what it costs with it."""

import sys

import httpx2

from . import caller, runtimes
from .command import Context, parser, run
from clients.python import AgentClient
from clients.stream import SESSION_HEADER, connection, explained, refusal


def main() -> int:
    """The console script."""
    options = parser("sessions", "End a session of the deployed agent.")
    options.add_argument("action", choices=["stop"])
    options.add_argument("session", metavar="ID")
    options.add_argument("--endpoint", metavar="NAME", default="DEFAULT", help="default: %(default)s")
    return run(options, stop)


def stop(context: Context) -> dict[str, str]:
    """End it; a session that does not run is an error."""
    session, endpoint = context.options.session, context.options.endpoint
    _end(caller.agent(context.cloud, runtimes.require(context)["arn"], endpoint), session)
    context.report.say(f"Session {session} has ended.")
    return {"session": session, "status": "stopped"}


def _end(agent: AgentClient, session: str) -> None:
    """StopRuntimeSession, with whatever lets the caller in: AWS's SDK can't with a bearer token."""
    url = agent.url.replace("/invocations?", "/stopruntimesession?")
    with httpx2.Client(auth=agent.auth, **connection(url)) as client, explained(url):
        response = client.post(url, json={}, headers={SESSION_HEADER: session})
    if not response.is_success:
        raise refusal(response, response.content)


if __name__ == "__main__":
    sys.exit(main())
