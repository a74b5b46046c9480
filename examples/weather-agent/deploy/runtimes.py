"""The deployed runtime: the one that the stack made, its versions and endpoints."""

import time
from typing import Any

from .command import Context
from .config import OWNER, PROJECT, Config
from .errors import DeployError
from .stack import Stack

Json = dict[str, Any]
POLL_SECONDS = 0.5
DEPLOY_FIRST = "Deploy it: `uv run deploy`."
STRANGER = "The runtime {0} exists, and `uv run deploy` of {1} did not make it."


def control(context: Context) -> Any:
    """A client of AgentCore's control plane."""
    return context.cloud.client("bedrock-agentcore-control")


def require(context: Context) -> dict[str, str]:
    """The stack's `arn`, `id` and `version` of the runtime, or an error that says to deploy first."""
    outputs = Stack(context, context.config.stack).outputs()
    if "id" not in outputs:
        raise DeployError(f"{context.config.name} is not deployed in this account and region.", DEPLOY_FIRST)
    return outputs


def find_older(client: Any, config: Config) -> Json | None:
    """A runtime of this name that a release before the stack made. Somebody else's is an error: it is not touched."""
    for page in client.get_paginator("list_agent_runtimes").paginate():
        for runtime in page["agentRuntimes"]:
            if runtime["agentRuntimeName"] == config.name:
                tags = client.list_tags_for_resource(resourceArn=runtime["agentRuntimeArn"])["tags"]
                if not OWNER.items() <= tags.items():
                    raise DeployError(STRANGER.format(config.name, PROJECT), "Choose another `name` in deploy.toml.")
                found: Json = client.get_agent_runtime(agentRuntimeId=runtime["agentRuntimeId"])
                return found
    return None


def endpoints(client: Any, runtime_id: str) -> list[Json]:
    """The runtime's endpoints. DEFAULT follows the newest version, a little later."""
    pages = client.get_paginator("list_agent_runtime_endpoints").paginate(agentRuntimeId=runtime_id)
    return [endpoint for page in pages for endpoint in page["runtimeEndpoints"]]


def versions(client: Any, runtime_id: str) -> list[Json]:
    """The runtime's versions, newest first."""
    pages = client.get_paginator("list_agent_runtime_versions").paginate(agentRuntimeId=runtime_id)
    found = [version for page in pages for version in page["agentRuntimes"]]
    return sorted(found, key=lambda version: -int(version["agentRuntimeVersion"]))


def artifact(context: Context, runtime_id: str, version: str) -> Json:
    """What a version runs, as CloudFormation spells it."""
    client = control(context)
    try:
        found = client.get_agent_runtime(agentRuntimeId=runtime_id, agentRuntimeVersion=version)
    except client.exceptions.ResourceNotFoundException:
        known = ", ".join(each["agentRuntimeVersion"] for each in versions(client, runtime_id))
        raise DeployError(f"There is no version {version} to promote.", f"Versions: {known}.") from None
    wanted: Json = respelt(found["agentRuntimeArtifact"], str.upper)
    return wanted


def serving(context: Context, runtime_id: str) -> str:
    """Wait until DEFAULT serves the newest version; returns the version."""
    client = control(context)
    with context.report.step("Endpoint DEFAULT") as step:
        while (runtime := client.get_agent_runtime(agentRuntimeId=runtime_id))["status"].endswith("ING"):
            step.progress(runtime["status"])
            time.sleep(POLL_SECONDS)
        version = str(runtime["agentRuntimeVersion"])
        if runtime["status"] != "READY":
            raise DeployError(f"Version {version} is {runtime['status']}: {runtime.get('failureReason')}.")
        while (default := _endpoint(client, runtime_id))["status"].endswith("ING") or default["liveVersion"] != version:
            if default["status"].endswith("FAILED"):
                raise DeployError(f"DEFAULT is {default['status']}: {default.get('failureReason')}.")
            time.sleep(POLL_SECONDS)
        step.note = f"serves version {version}"
    return version


def _endpoint(client: Any, runtime_id: str) -> Json:
    found: Json = client.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="DEFAULT")
    return found


def swap(context: Context, artifact: Json) -> str:
    """Give the runtime another package, with everything else as it is now, past its stack."""
    client, runtime_id = control(context), require(context)["id"]
    now = client.get_agent_runtime(agentRuntimeId=runtime_id)
    fields = client.meta.service_model.operation_model("UpdateAgentRuntime").input_shape.members
    same = {name: now[name] for name in fields if name in now}
    client.update_agent_runtime(**same | {"agentRuntimeArtifact": respelt(artifact, str.lower)})
    return serving(context, runtime_id)


def respelt(value: Any, first: Any) -> Any:
    """CloudFormation's names as the API spells them (`str.lower`), or the other way round (`str.upper`)."""
    if isinstance(value, dict):
        return {first(name[0]) + name[1:]: respelt(each, first) for name, each in value.items()}
    return value
