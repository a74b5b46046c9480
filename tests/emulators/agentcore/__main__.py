"""moto, AgentCore and CloudFormation until Ctrl-C, with the variables that point an AWS SDK at them."""

import argparse
import signal

from ..aws import aws
from ..stacks import cloudformation
from .server import Settings, agentcore


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.agentcore", description=__doc__)
    parser.add_argument("--port", type=int, default=5700)
    parser.add_argument("--aws-port", type=int, default=5600)
    parser.add_argument("--stacks-port", type=int, default=5800)
    parser.add_argument("--python", default=Settings.python, help="the interpreter that runs packages")
    parser.add_argument("--settle", type=float, default=1.0, help="seconds that a transition takes")
    options = parser.parse_args()
    settings = Settings(python=options.python, settle_seconds=options.settle)
    with aws(options.aws_port) as account, agentcore(account.url, settings, options.port) as emulator:
        environment = account.environment | emulator.environment
        with cloudformation(environment, options.stacks_port) as stacks:
            for name, value in (environment | stacks.environment).items():
                print(f"export {name}={value}", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
