"""`uv run sessions stop ID`: end a session before its time, and what it costs with it."""

import sys

from . import caller, runtimes
from .command import Context, parser, run


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
    runtime = runtimes.require(context.cloud.client("bedrock-agentcore-control"), context.config.name)
    caller.stop(context.cloud, runtime["agentRuntimeArn"], session, endpoint)
    context.report.say(f"Session {session} has ended.")
    return {"session": session, "status": "stopped"}


if __name__ == "__main__":
    sys.exit(main())
