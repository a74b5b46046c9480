"""Takes over what a release before 0.5 deployed: its runtime and role become part of the stack."""

from typing import Any

from . import runtimes, template
from .command import Context
from .config import Config
from .errors import DeployError
from .stack import Stack

Json = dict[str, Any]
TAKES = "{0} was deployed by an earlier release: the stack {1} takes it over."
LEFT = "Not used any longer, and not removed: packages in s3://agentcore-code-{0}-{1}/{2}/{3}."
CONTAINER = ", the repository {0} and the CodeBuild project and role {1}"


def take_over(context: Context, stack: Stack, body: Json) -> None:
    """Import the runtime, its role and its endpoints into a new stack, as they are."""
    config, client = context.config, runtimes.control(context)
    if stack.outputs() or not (runtime := runtimes.find_older(client, config)):
        return
    context.confirm(TAKES.format(runtime["agentRuntimeId"], stack.name))
    found = {each["name"]: each for each in runtimes.endpoints(client, runtime["agentRuntimeId"])}
    _refuse_unknown(set(found) - {"DEFAULT", *template.endpoints(body)})
    identifiers = {"Runtime": {"AgentRuntimeId": runtime["agentRuntimeId"]}}
    if not config.role:
        identifiers["ExecutionRole"] = {"RoleName": f"{config.name}-{config.region}"}
    if "prod" in found:
        identifiers["Endpoint"] = {"AgentRuntimeEndpointArn": found["prod"]["agentRuntimeEndpointArn"]}
    wanted = _subset(body, identifiers, runtime)
    pins = {f"{name.title()}Version": each.get("liveVersion", "") for name, each in found.items()}
    stack.apply(wanted, template.parameters(wanted, config, **pins), _imports(wanted, identifiers))
    context.report.say(_leftovers(context, config))


def _refuse_unknown(names: set[str]) -> None:
    if names:
        hint = "Copy `Endpoint` and `ProdVersion` there for each, or delete those endpoints first."
        raise DeployError(f"deploy/stack.yaml lacks the endpoints {', '.join(sorted(names))}.", hint)


def _subset(body: Json, identifiers: Json, runtime: Json) -> Json:
    """The template of what is imported. The runtime is told as it is, so that the next change set sees what changes."""
    kept = {name: body["Resources"][name] | {"DeletionPolicy": "Retain"} for name in identifiers}
    own = {name: kept["Runtime"]["Properties"][name] for name in ("AgentRuntimeName", "RoleArn")}
    artifact = runtimes.respelt(runtime["agentRuntimeArtifact"], str.upper)
    kept["Runtime"] = kept["Runtime"] | {"Properties": own | {"AgentRuntimeArtifact": artifact}}
    return {name: body[name] for name in ("Parameters", "Conditions")} | {"Resources": kept}


def _imports(body: Json, identifiers: Json) -> list[Json]:
    return [
        {"LogicalResourceId": name, "ResourceType": body["Resources"][name]["Type"], "ResourceIdentifier": each}
        for name, each in identifiers.items()
    ]


def _leftovers(context: Context, config: Config) -> str:
    container = hasattr(config, "builder")
    more = CONTAINER.format(config.name.lower(), f"{config.name[:40]}-{config.region}-build") if container else ""
    return LEFT.format(context.cloud.account, config.region, config.name, more)
