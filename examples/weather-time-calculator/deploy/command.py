"""What all commands share: their options, the account that they work in, and how they end."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config as Sending

from .config import Config, load
from .errors import DeployError, explained
from .report import Report

RETRIES = Sending(retries={"mode": "standard", "total_max_attempts": 5})


@dataclass
class Context:
    """What a command works with."""

    options: argparse.Namespace
    config: Config
    report: Report

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(profile_name=self.options.profile, region_name=self.config.region)

    def client(self, service: str) -> Any:
        """A client of AWS. `AWS_ENDPOINT_URL_*` is honoured, as everywhere in the SDK."""
        return self._session.client(service, config=RETRIES)

    @cached_property
    def account(self) -> str:
        """The account's twelve digits."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def confirm(self, what: str) -> None:
        """Ask, unless `--yes` answers; a refusal ends the command."""
        if self.options.yes:
            return
        if self.options.json:
            raise DeployError(f"{what} --json does not ask.", "Add --yes.")
        self.report.say(what)
        try:
            answer = input("Go on? [y/N] ")
        except EOFError:
            answer = ""
        if answer.strip().lower() not in ("y", "yes"):
            raise DeployError("Nothing was changed.")


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser with the options that every command takes."""
    made = argparse.ArgumentParser(prog=name, description=description)
    made.add_argument("--json", action="store_true", help="print the result as JSON; an error too")
    made.add_argument("--environment", metavar="NAME", help="one of [environments] in deploy.toml")
    made.add_argument("--profile", help="the AWS profile to use (default: AWS_PROFILE)")
    made.add_argument("--region", help="the AWS region (default: the one in deploy.toml)")
    return made


def run(arguments: argparse.ArgumentParser, action: Callable[[Context], Any]) -> int:
    """Run a command and print what it returns. The exit code: 0, 1 for a failure, 130 for Ctrl-C."""
    options = arguments.parse_args()
    report = Report()
    try:
        config = load(options.region, options.environment)
        with explained(config.region):
            result = action(Context(options, config, report))
    except DeployError as error:
        if options.json:
            print(json.dumps({"error": str(error), "hint": error.hint}), file=sys.stderr)
        else:
            report.failure(str(error), error.hint)
        return 1
    except KeyboardInterrupt:
        report.say("Stopped. Run it again: it continues where it stopped.")
        return 130
    if result is not None and options.json:
        print(json.dumps(result, indent=2, default=str))
    return 0
