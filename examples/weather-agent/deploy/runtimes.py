"""The deployed runtime: the one that the stack made, its versions and endpoints."""

import time
from typing import Any

from .command import Context
from .config import PROJECT
from .errors import DeployError
from .stack import Stack

Json = dict[str, Any]
POLL_SECONDS = 0.5
DEPLOY_FIRST = "Deploy it: `uv run deploy`."
STRANGER = "The runtime {0} exists, and `uv run deploy` of {1} did not make it."
ANOTHER = "Choose another `name` in deploy.toml. If a release before 0.5 deployed it: Streamplate's docs/takeover.md."


def control(context: Context) -> Any:
    """A client of AgentCore's control plane."""
    return context.client("bedrock-agentcore-control")


def require(context: Context) -> dict[str, str]:
    """`arn`, `id` and `version` of the runtime, which the stack or something else made; or an error: deploy first."""
    outputs = Stack(context).outputs()
    if "id" in outputs:
        return outputs
    if not (found := named(context)):
        raise DeployError(f"{context.config.name} is not deployed in this account and region.", DEPLOY_FIRST)
    return {name: found[f"agentRuntime{name.title()}"] for name in ("arn", "id", "version")}


def named(context: Context) -> Json | None:
    """The runtime of the agent's name, whoever made it: an account and region has one."""
    pages = control(context).get_paginator("list_agent_runtimes").paginate()
    rows = (runtime for page in pages for runtime in page["agentRuntimes"])
    return next((runtime for runtime in rows if runtime["agentRuntimeName"] == context.config.name), None)


def refuse_a_stranger(context: Context) -> None:
    """An error where there is a runtime of the agent's name and no stack: it is somebody else's, and is not touched."""
    if not Stack(context).find() and named(context):
        raise DeployError(STRANGER.format(context.config.name, PROJECT), ANOTHER)


def endpoints(client: Any, runtime_id: str) -> list[Json]:
    """The runtime's endpoints. DEFAULT follows the newest version, a little later."""
    pages = client.get_paginator("list_agent_runtime_endpoints").paginate(agentRuntimeId=runtime_id)
    return [endpoint for page in pages for endpoint in page["runtimeEndpoints"]]


def versions(client: Any, runtime_id: str) -> list[Json]:
    """The runtime's versions, newest first."""
    pages = client.get_paginator("list_agent_runtime_versions").paginate(agentRuntimeId=runtime_id)
    found = [version for page in pages for version in page["agentRuntimes"]]
    return sorted(found, key=lambda version: -int(version["agentRuntimeVersion"]))


def artifact(context: Context, version: str) -> Json:
    """What a version runs, as CloudFormation spells it. One that is not there, or not ready, is an error."""
    client, named = control(context), {"agentRuntimeId": require(context)["id"]}
    found = reversed(versions(client, named["agentRuntimeId"]))
    ready = [each["agentRuntimeVersion"] for each in found if each["status"] == "READY"]
    if version not in ready:
        raise DeployError(f"There is no version {version} to serve.", f"Versions: {', '.join(ready)}.")
    runtime = client.get_agent_runtime(**named, agentRuntimeVersion=version)
    wanted: Json = respelt(runtime["agentRuntimeArtifact"], str.upper)
    return wanted


def serving(context: Context, runtime_id: str) -> str:
    """Wait until DEFAULT serves the newest version; returns the version."""
    client, default = control(context), {"agentRuntimeId": runtime_id, "endpointName": "DEFAULT"}
    with context.report.step("Endpoint DEFAULT") as step:
        while True:
            runtime, endpoint = client.get_agent_runtime(agentRuntimeId=runtime_id), Json()
            version = str(runtime["agentRuntimeVersion"])
            if runtime["status"] == "READY":
                endpoint = client.get_agent_runtime_endpoint(**default)
            for name, each in ((f"Version {version}", runtime), ("DEFAULT", endpoint)):
                if each.get("status", "").endswith("FAILED"):
                    raise DeployError(f"{name} is {each['status']}: {each.get('failureReason')}.")
            if endpoint.get("status") == "READY" and endpoint["liveVersion"] == version:
                step.note = f"serves version {version}"
                return version
            step.progress(runtime["status"])
            time.sleep(POLL_SECONDS)


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
