"""`uv run deploy`: from the source on this machine to an agent that answers on AgentCore. Safe to repeat."""

import argparse
import sys
from typing import Any

from . import caller, invoke, logs, plan, policies, roles, runtimes
from .artifacts import ARTIFACTS
from .command import Context, parser, run
from .errors import DeployError
from clients.python import new_session

Json = dict[str, Any]
QUESTION = "Say hello, and what you can do, in one sentence."


def main() -> int:
    """The console script."""
    return run(_parser(), lambda context: plan.show(context) if context.options.dry_run else deploy(context))


def _parser() -> argparse.ArgumentParser:
    options = parser("deploy", "Deploy this agent to Amazon Bedrock AgentCore Runtime.")
    options.add_argument("--dry-run", action="store_true", help="show plan, policies and package; needs no account")
    options.add_argument("--endpoint", metavar="NAME", help="make this endpoint serve the new version, or --version")
    options.add_argument("--version", metavar="N", help="with --endpoint: promote or roll back; nothing is deployed")
    options.add_argument("--no-check", action="store_true", help="do not ask the deployed agent a question at the end")
    options.add_argument("--artifact", choices=ARTIFACTS, default=next(iter(ARTIFACTS)), help="default: %(default)s")
    return options


def deploy(context: Context) -> Json:
    """Every step, each of which does nothing where nothing is to be done."""
    options, cloud, report = context.options, context.cloud, context.report
    if options.version:
        return _promote(context)
    with report.step("Account") as step:
        step.note = f"{cloud.account} in {cloud.region}"
    artifact = ARTIFACTS[options.artifact].publish(context)
    role = _role(context)
    runtime, changed = _runtime(context, artifact, role)
    result = _result(runtime, changed)
    if options.endpoint:
        result["changed"] |= _endpoint(context, runtime, options.endpoint, runtime["agentRuntimeVersion"])
    result["changed"] |= logs.keep(context, runtime["agentRuntimeId"], {"DEFAULT", options.endpoint or "DEFAULT"})
    if not result["changed"]:
        report.say("Nothing has changed since the last deployment.")
    elif not options.no_check:
        _check(context, runtime)
    return result


def _role(context: Context) -> str:
    cloud, config = context.cloud, context.config
    with context.report.step("Execution role") as step:
        given = (config.role, False) if config.role else None
        arn, changed = given or roles.ensure(cloud, config, roles.execution(cloud, config))
        step.note = f"{policies.role_name(cloud, config)}{'' if changed else ', as it was'}"
    return arn


def _runtime(context: Context, artifact: Json, role: str) -> tuple[Json, bool]:
    settings = runtimes.wanted(context.config, artifact, role)
    with context.report.step("Runtime") as step:
        control = context.cloud.client("bedrock-agentcore-control")
        runtime, changed = runtimes.ensure(control, context.config, settings, step.progress)
        version = runtime["agentRuntimeVersion"]
        step.note = f"{runtime['agentRuntimeId']} version {version}{'' if changed else ', as it was'}"
    return runtime, changed


def _endpoint(context: Context, runtime: Json, name: str, version: str) -> bool:
    with context.report.step("Endpoint") as step:
        control = context.cloud.client("bedrock-agentcore-control")
        changed = runtimes.point(control, runtime["agentRuntimeId"], name, version)
        step.note = f"{name} serves version {version}{'' if changed else ', as it did'}"
    return changed


def _promote(context: Context) -> Json:
    endpoint, version = context.options.endpoint, context.options.version
    if not endpoint:
        raise DeployError("--version needs --endpoint.", "DEFAULT always serves the newest version.")
    control = context.cloud.client("bedrock-agentcore-control")
    runtime = runtimes.require(control, context.config.name)
    changed = _endpoint(context, runtime, endpoint, version)
    return _result(runtime, changed) | {"version": version, "endpoint": endpoint}


def _check(context: Context, runtime: Json) -> None:
    """Ask the agent, and show the stream: only an answer proves that it runs."""
    if missing := caller.missing():
        return context.report.say(f"It was not asked anything: {missing}")
    context.report.say(f"\n> {QUESTION}")
    invoke.ask(context, runtime, QUESTION, new_session(), context.options.endpoint or "DEFAULT")


def _result(runtime: Json, changed: bool) -> Json:
    return {
        "name": runtime["agentRuntimeName"],
        "arn": runtime["agentRuntimeArn"],
        "version": runtime["agentRuntimeVersion"],
        "changed": changed,
    }


if __name__ == "__main__":
    sys.exit(main())
