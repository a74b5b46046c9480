"""Takes over what a release before 0.5 deployed: its runtime and role become part of the stack."""

from typing import Any

from . import runtimes, template
from .command import Context
from .config import OWNER, PROJECT
from .errors import DeployError
from .stack import Stack

Json = dict[str, Any]
STRANGER = "The runtime {0} exists, and `uv run deploy` of {1} did not make it."
TAKES = "{0} was deployed by an earlier release: the stack {1} takes it over."
LACKS = "Copy `Endpoint` and `ProdVersion` there for each, or delete those endpoints first."
LEFT = "Not used any longer, and not removed: packages in s3://agentcore-code-{0}-{1}/{2}/{3}."
CONTAINER = ", the repository {0} and the CodeBuild project and role {1}"


def find(context: Context) -> Json | None:
    """A runtime of this name that a release before the stack made. Somebody else's is an error: it is not touched."""
    if not (runtime := runtimes.named(context)):
        return None
    client = runtimes.control(context)
    tags = client.list_tags_for_resource(resourceArn=runtime["agentRuntimeArn"])["tags"]
    if not OWNER.items() <= tags.items():
        raise DeployError(STRANGER.format(context.config.name, PROJECT), "Choose another `name` in deploy.toml.")
    found: Json = client.get_agent_runtime(agentRuntimeId=runtime["agentRuntimeId"])
    return found


def take_over(context: Context, stack: Stack, body: Json) -> None:
    """Import the runtime, its role and its endpoints into a new stack, as they are."""
    if stack.outputs() or not (runtime := find(context)):
        return
    config, runtime_id = context.config, runtime["agentRuntimeId"]
    context.confirm(TAKES.format(runtime_id, stack.name))
    points = {each["name"]: each for each in runtimes.endpoints(runtimes.control(context), runtime_id)}
    if unknown := points.keys() - {"DEFAULT", *template.endpoints(body)}:
        raise DeployError(f"deploy/stack.yaml lacks the endpoints {', '.join(sorted(unknown))}.", LACKS)
    identifiers = {"Runtime": {"AgentRuntimeId": runtime_id}}
    if not config.role:
        identifiers["ExecutionRole"] = {"RoleName": f"{config.name}-{config.region}"}
    if "prod" in points:
        identifiers["Endpoint"] = {"AgentRuntimeEndpointArn": points["prod"]["agentRuntimeEndpointArn"]}
    wanted = _subset(body, identifiers, runtime)
    pins = {f"{name.title()}Version": each.get("liveVersion", "") for name, each in points.items()}
    stack.apply(wanted, template.parameters(wanted, config, **pins), identifiers)
    made = CONTAINER.format(config.name.lower(), f"{config.name[:40]}-{config.region}-build")
    more = made if hasattr(config, "builder") else ""
    context.report.say(LEFT.format(context.account, config.region, config.name, more))


def _subset(body: Json, identifiers: Json, runtime: Json) -> Json:
    """The template of what is imported. The runtime is told as it is, so that the next change set sees what changes."""
    kept = {name: body["Resources"][name] | {"DeletionPolicy": "Retain"} for name in identifiers}
    own = {name: kept["Runtime"]["Properties"][name] for name in ("AgentRuntimeName", "RoleArn")}
    artifact = runtimes.respelt(runtime["agentRuntimeArtifact"], str.upper)
    kept["Runtime"] = kept["Runtime"] | {"Properties": own | {"AgentRuntimeArtifact": artifact}}
    return {name: body[name] for name in ("Parameters", "Conditions")} | {"Resources": kept}
