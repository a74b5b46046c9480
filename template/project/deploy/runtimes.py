"""The runtime and its endpoints: found by name, made or updated with the whole configuration, and waited for."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from .config import OWNER, PROJECT, PROTOCOL, Config
from .errors import DeployError

Json = dict[str, Any]
Progress = Callable[[str], None]

WAIT_SECONDS = 600  # AgentCore takes about half a minute
ROLE_SECONDS = 60  # IAM shows a new role to other services within seconds


def wanted(config: Config, artifact: Json, role: str) -> Json:
    """The whole configuration: an update resets what it leaves out."""
    settings: Json = {
        "agentRuntimeArtifact": artifact,
        "roleArn": role,
        "description": config.description,
        "networkConfiguration": _network(config),
        "protocolConfiguration": {"serverProtocol": PROTOCOL},
        "lifecycleConfiguration": {
            "idleRuntimeSessionTimeout": config.lifecycle.idle_seconds,
            "maxLifetime": config.lifecycle.max_seconds,
        },
        "environmentVariables": config.variables,
    }
    if config.headers:
        settings["requestHeaderConfiguration"] = {"requestHeaderAllowlist": config.headers}
    if config.auth:
        settings["authorizerConfiguration"] = {"customJWTAuthorizer": _authorizer(config)}
    return settings


def _network(config: Config) -> Json:
    if not config.network:
        return {"networkMode": "PUBLIC"}
    vpc = {"subnets": config.network.subnets, "securityGroups": config.network.security_groups}
    return {"networkMode": "VPC", "networkModeConfig": vpc}


def _authorizer(config: Config) -> Json:
    assert config.auth
    lists = {
        "allowedAudience": config.auth.audience,
        "allowedClients": config.auth.clients,
        "allowedScopes": config.auth.scopes,
    }
    return {"discoveryUrl": str(config.auth.discovery_url)} | {name: value for name, value in lists.items() if value}


def find(control: Any, name: str) -> Json | None:
    """The runtime of this name, settled, whoever made it."""
    for page in control.get_paginator("list_agent_runtimes").paginate():
        for runtime in page["agentRuntimes"]:
            if runtime["agentRuntimeName"] == name:
                return settled(control, runtime["agentRuntimeId"])
    return None


def find_own(control: Any, name: str) -> Json | None:
    """The runtime of this name. One that something else made is an error, for it may not be touched."""
    runtime = find(control, name)
    if runtime:
        _refuse_strangers(control, runtime)
    return runtime


def _refuse_strangers(control: Any, runtime: Json) -> None:
    tags = control.list_tags_for_resource(resourceArn=runtime["agentRuntimeArn"])["tags"]
    if not OWNER.items() <= tags.items():
        name = runtime["agentRuntimeName"]
        message = f"The runtime {name} exists, and `uv run deploy` of {PROJECT} did not make it."
        raise DeployError(message, "Choose another `name` in deploy.toml.")


def require(control: Any, name: str) -> Json:
    """The runtime, or an error that says to deploy first."""
    runtime = find(control, name)
    if runtime is None:
        raise DeployError(f"{name} is not deployed in this account and region.", "Deploy it: `uv run deploy`.")
    return runtime


def settled(control: Any, runtime_id: str, progress: Progress = lambda status: None) -> Json | None:
    """The runtime once AgentCore is done with it; None when it is gone."""
    for _ in _waits(WAIT_SECONDS):
        try:
            runtime: Json = control.get_agent_runtime(agentRuntimeId=runtime_id)
        except control.exceptions.ResourceNotFoundException:
            return None
        if not runtime["status"].endswith("ING"):
            return runtime
        progress(runtime["status"])
    raise DeployError(f"{runtime_id} did not settle in {WAIT_SECONDS} seconds.", "Look at it: `uv run status`.")


def ensure(control: Any, config: Config, settings: Json, progress: Progress) -> tuple[Json, bool]:
    """The runtime with these settings, ready, and whether anything had to be done."""
    current = find_own(control, config.name)
    if current and current["status"] == "CREATE_FAILED":
        delete(control, current["agentRuntimeId"])
        current = None
    if current and current["status"] == "READY" and _holds(current, settings):
        return current, False
    if current:
        made = control.update_agent_runtime(agentRuntimeId=current["agentRuntimeId"], **settings)
    else:
        made = _create(control, config, settings)
    runtime = settled(control, made["agentRuntimeId"], progress)
    if runtime is None or runtime["status"] != "READY":
        reason = runtime and runtime.get("failureReason")
        raise DeployError(f"AgentCore refused the new version: {reason or 'it gave no reason'}.", _still(current))
    return runtime, True


def _holds(runtime: Json, settings: Json) -> bool:
    """Whether the runtime has these settings. The service may add members of its own, but no variable and no rule."""
    optional = ("requestHeaderConfiguration", "authorizerConfiguration")
    exact = (*optional, "environmentVariables")
    return all(runtime.get(name) == settings.get(name) for name in exact) and _covers(runtime, settings)


def _covers(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(actual, dict):
        return all(_covers(actual.get(name), value) for name, value in wanted.items())
    return bool(actual == wanted)


def _create(control: Any, config: Config, settings: Json) -> Json:
    """Create the runtime, as soon as AgentCore sees the new role."""
    for _ in _waits(ROLE_SECONDS):
        try:
            made: Json = control.create_agent_runtime(
                agentRuntimeName=config.name, tags=config.tags | OWNER, **settings
            )
            return made
        except control.exceptions.ValidationException as error:
            refusal = error
            if "role" not in str(error).lower():
                raise
    raise refusal


def _still(current: Json | None) -> str:
    return "The version before goes on serving." if current else "Nothing serves yet: mend it and deploy again."


def delete(control: Any, runtime_id: str) -> None:
    """Remove the runtime and its endpoints, and wait until it is gone."""
    for endpoint in endpoints(control, runtime_id):
        if endpoint["name"] != "DEFAULT" and endpoint["status"] != "DELETING":
            control.delete_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName=endpoint["name"])
    for _ in _waits(WAIT_SECONDS):
        if {endpoint["name"] for endpoint in endpoints(control, runtime_id)} <= {"DEFAULT"}:
            break
    control.delete_agent_runtime(agentRuntimeId=runtime_id)
    settled(control, runtime_id)


def endpoints(control: Any, runtime_id: str) -> list[Json]:
    """The runtime's endpoints. DEFAULT follows the newest version; the others stay where they are put."""
    pages = control.get_paginator("list_agent_runtime_endpoints").paginate(agentRuntimeId=runtime_id)
    return [endpoint for page in pages for endpoint in page["runtimeEndpoints"]]


def versions(control: Any, runtime_id: str) -> list[Json]:
    """The runtime's versions, newest first."""
    pages = control.get_paginator("list_agent_runtime_versions").paginate(agentRuntimeId=runtime_id)
    return sorted(
        (version for page in pages for version in page["agentRuntimes"]),
        key=lambda version: -int(version["agentRuntimeVersion"]),
    )


def point(control: Any, runtime_id: str, endpoint: str, version: str) -> bool:
    """Make the endpoint serve a version; returns whether anything had to be done."""
    ready = {each["agentRuntimeVersion"] for each in versions(control, runtime_id) if each["status"] == "READY"}
    if version not in ready:
        raise DeployError(f"There is no version {version} to serve.", f"Versions: {', '.join(sorted(ready, key=int))}.")
    found = {each["name"]: each for each in endpoints(control, runtime_id)}.get(endpoint)
    if found and found.get("liveVersion") == version and found["status"] == "READY":
        return False
    if found:
        control.update_agent_runtime_endpoint(
            agentRuntimeId=runtime_id, endpointName=endpoint, agentRuntimeVersion=version
        )
    else:
        control.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name=endpoint, agentRuntimeVersion=version)
    _serving(control, runtime_id, endpoint)
    return True


def _serving(control: Any, runtime_id: str, name: str) -> None:
    for _ in _waits(WAIT_SECONDS):
        endpoint = control.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName=name)
        if not endpoint["status"].endswith("ING"):
            break
    if endpoint["status"] != "READY":
        raise DeployError(f"Endpoint {name} is {endpoint['status']}: {endpoint.get('failureReason')}.")


def _waits(seconds: float) -> Iterator[None]:
    """Moments to look again: soon at first, then every three seconds."""
    deadline, pause = time.monotonic() + seconds, 0.1
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(pause * 1.5, 3)
