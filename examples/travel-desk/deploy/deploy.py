"""`uv run deploy`: from the source on this machine to an agent that answers on AgentCore. Safe to repeat."""

import argparse
import json
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

from . import caller, cleanup, invoke, logs, policies, runtimes, template
from .artifacts import ARTIFACTS
from .command import Context, parser, run
from .config import Config, load
from .errors import DeployError
from .stack import Stack
from clients.python import new_session

Json = dict[str, Any]
QUESTION = "Say hello, and what you can do, in one sentence."
DRIFT = "The stack does not know of it: this is drift, which the next `uv run deploy` takes back or takes in."


def main() -> int:
    """The console script."""
    return run(_parser(), _action)


def _parser() -> argparse.ArgumentParser:
    options = parser("deploy", "Deploy this agent to Amazon Bedrock AgentCore Runtime.")
    kinds = options.add_mutually_exclusive_group()
    kinds.add_argument("--dry-run", action="store_true", help="show template, policies and package; needs no account")
    kinds.add_argument("--preview", action="store_true", help="show what would change in the account, and stop")
    kinds.add_argument("--fast", action="store_true", help="in development: a new package only, past the stack")
    kinds.add_argument("--to", metavar="ENVIRONMENT", help="deploy the very package that runs here there")
    options.add_argument("--endpoint", metavar="NAME", help="when the check is passed, make this endpoint serve it")
    options.add_argument("--version", metavar="N", help="the endpoint goes (back) to it, or --to gets its package")
    options.add_argument("--no-check", action="store_true", help="do not ask the deployed agent a question")
    options.add_argument("--yes", action="store_true", help="do not ask before something is replaced or removed")
    options.add_argument("--artifact", choices=ARTIFACTS, default=next(iter(ARTIFACTS)), help="default: %(default)s")
    return options


def _action(context: Context) -> Any:
    options = context.options
    if options.dry_run:
        return _describe(context)
    if options.to:
        runtimes.require(context)
        found = runtimes.artifact(context, options.version) if options.version else Stack(context).artifact()
        return deploy(replace(context, config=_target(context)), found)
    if options.version:
        return _promote(context)
    if options.fast:
        return _swap(context)
    return deploy(context, ARTIFACTS[options.artifact].publish(context))


def _target(context: Context) -> Config:
    """The configuration of the environment that gets the package, which stays in the region that it is in."""
    target, region = load(context.options.region, context.options.to), context.config.region
    if target.region != region:
        hint = f"Deploy there from the source: `uv run deploy --environment {context.options.to}`."
        raise DeployError(f"The package is in {region}, and {context.options.to} is in {target.region}.", hint)
    return target


def deploy(context: Context, artifact: Json) -> Json:
    """Make the stack what deploy.toml and stack.yaml say, ask the agent a question, then move the endpoint."""
    options, stack = context.options, Stack(context)
    body = template.agent(context.config, artifact)
    runtimes.refuse_a_stranger(context)
    if options.preview:
        return _preview(context, stack, body)
    changed = stack.apply(body, _parameters(context, body))
    result = stack.outputs()
    result["version"] = runtimes.serving(context, result["id"])
    kept = logs.keep(context, result["id"], {"DEFAULT", *template.endpoints(body)})
    if changed and not options.no_check:
        _check(context, result["arn"])
    if options.endpoint:
        changed |= _point(context, result["version"])
    if not (changed or kept):
        context.report.say("Nothing has changed since the last deployment.")
    removed = cleanup.remove(context, result["id"])
    return {"name": context.config.name, **result, "changed": changed or kept, "removed": removed}


def _parameters(context: Context, body: Json) -> list[Json]:
    """Of the template. An endpoint stays at the version that it serves."""
    runtime = Stack(context).resources().get("Runtime")
    found = runtimes.endpoints(runtimes.control(context), runtime) if runtime else []
    live = {f"{each['name'].title()}Version": each["liveVersion"] for each in found if "liveVersion" in each}
    return template.parameters(body, context.config, **live)


def _preview(context: Context, stack: Stack, body: Json) -> Json:
    changes = stack.preview(body, _parameters(context, body))
    if not changes:
        context.report.say("Nothing would change.")
    return {"stack": stack.name, "changes": changes}


def _swap(context: Context) -> Json:
    if context.options.environment:
        raise DeployError("--fast is for the environment that you develop in.", "Leave out --environment.")
    version = runtimes.swap(context, ARTIFACTS[context.options.artifact].publish(context))
    context.report.say(DRIFT)
    removed = cleanup.remove(context, runtimes.require(context)["id"])
    return {"name": context.config.name, "version": version, "changed": True, "removed": removed}


def _promote(context: Context) -> Json:
    if not context.options.endpoint:
        raise DeployError("--version needs --endpoint.", "DEFAULT always serves the newest version.")
    version = context.options.version
    result = runtimes.require(context) | {"version": version}
    return {"name": context.config.name, **result, "changed": _point(context, version)}


def _point(context: Context, version: str) -> bool:
    """Make the endpoint serve a version."""
    name, stack = context.options.endpoint, Stack(context)
    body = stack.template()
    if name not in (known := template.endpoints(body)):
        hint = "Copy `Endpoint` and `ProdVersion` there, under names of their own."
        raise DeployError(f"deploy/stack.yaml has no endpoint {name}; it has: {', '.join(known)}.", hint)
    runtimes.artifact(context, version)  # an error, unless it is there and ready
    same = [{"ParameterKey": each, "UsePreviousValue": True} for each in body["Parameters"] if each != known[name]]
    moved = [{"ParameterKey": known[name], "ParameterValue": version}]
    return stack.apply(body, same + moved)


def _check(context: Context, arn: str) -> None:
    """Ask the agent, and show the stream: only an answer proves that it runs."""
    if missing := caller.missing():
        return context.report.say(f"The agent was not asked the check question: {missing}")
    context.report.say(f"\n> {QUESTION}")
    with redirect_stdout(sys.stderr if context.options.json else sys.stdout):  # with --json, the result comes alone
        invoke.ask(context, arn, QUESTION, new_session(), "DEFAULT")


def _describe(context: Context) -> Json:
    """`--dry-run`: the stack, the policies and the package."""
    config = context.config
    artifact, contents = ARTIFACTS[context.options.artifact].describe(context)
    body = template.agent(config, artifact)
    plan: Json = {"template": body, "parameters": template.parameters(body, config)}
    plan |= {"policies": policies.all_of(config), "contents": contents}
    if not context.options.json:
        print(json.dumps(body, indent=2))
        for title, policy in plan["policies"].items():
            print(f"\nPolicy, {title}:\n{json.dumps(policy, indent=2)}")
        print("\nContents:", *(f"  {name:<32} {what}" for name, what in contents.items()), sep="\n")
    return plan


if __name__ == "__main__":
    sys.exit(main())
