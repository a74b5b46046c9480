"""Deploys and destroys, killed before each change to the account in turn. Runs in the project: `kills.py PACKAGE_ZIP`.

A kill between calls that only read leaves what a kill before the next change leaves. After each kill the command is run
again, and the account must be as if nothing had happened.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.endpoint import Endpoint
from deploy import code_zip, command, deploy, destroy
from deploy.package import Package

READS = ("Get", "List", "Describe", "Head", "Detect")
make_request = Endpoint.make_request


class Killed(BaseException):
    """The process is gone: not even a clean-up runs."""


@contextmanager
def killed_before(change: int) -> Iterator[None]:
    """From this change on, counted from zero, no call gets through."""
    made = 0

    def counted(endpoint: Any, operation: Any, request: Any) -> Any:
        nonlocal made
        if made == change and not operation.name.startswith(READS):
            raise Killed
        made += not operation.name.startswith(READS)
        return make_request(endpoint, operation, request)

    Endpoint.make_request = counted
    try:
        yield
    finally:
        Endpoint.make_request = make_request


def run(main: Any, *arguments: str) -> None:
    sys.argv = ["command", "--json", *arguments]
    code = main()
    assert code == 0, code


def killed(main: Any, arguments: list[str], change: int) -> bool:
    """Kill the command before this change and run it again. False where it makes fewer changes: it was not killed."""
    try:
        with killed_before(change):
            run(main, *arguments)
    except Killed:
        run(main, *arguments)
        return True
    return False


def check_deployed() -> None:
    control = boto3.client("bedrock-agentcore-control")
    (runtime,) = control.list_agent_runtimes()["agentRuntimes"]
    assert runtime["status"] == "READY", runtime
    endpoints = control.list_agent_runtime_endpoints(agentRuntimeId=runtime["agentRuntimeId"])["runtimeEndpoints"]
    assert sorted(each["name"] for each in endpoints) == ["DEFAULT", "prod"]
    assert len(boto3.client("iam").list_roles()["Roles"]) == 1
    assert {each["retentionInDays"] for each in boto3.client("logs").describe_log_groups()["logGroups"]} == {30}


def check_gone() -> None:
    assert not boto3.client("bedrock-agentcore-control").list_agent_runtimes()["agentRuntimes"]
    assert not boto3.client("iam").list_roles()["Roles"]
    assert not boto3.client("s3").list_buckets()["Buckets"]
    assert not boto3.client("logs").describe_log_groups()["logGroups"]


def use_small_package(zip_file: str) -> None:
    """What is under test is what happens on AWS."""
    package = Package(Path(), Path(zip_file), "0" * 64, True)
    code_zip.build = lambda config: package
    code_zip._summary = lambda context, package: ""


def main() -> None:
    use_small_package(sys.argv[1])
    session = boto3.Session()  # its parsed service models serve every run
    command.boto3.Session = lambda **_: session
    command.print = lambda *_: None
    change, deploys, destroys = 0, 0, 0
    while deploys == change or destroys == change:
        deploys += killed(deploy.main, ["--no-check", "--endpoint", "prod"], change)
        check_deployed()
        destroys += killed(destroy.main, ["--yes"], change)
        check_gone()
        change += 1
    print(deploys, destroys)


if __name__ == "__main__":
    main()
