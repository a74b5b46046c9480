"""The control plane: one method an operation, its parameters already held to the model."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from . import packages
from .errors import conflict, invalid
from .models import Params
from .state import Account, Endpoint, Runtime, Version, now

PRINCIPAL = "bedrock-agentcore.amazonaws.com"
CONFIGURATION = (
    "roleArn",
    "networkConfiguration",
    "agentRuntimeArtifact",
    "protocolConfiguration",
    "environmentVariables",
    "description",
    "authorizerConfiguration",
    "requestHeaderConfiguration",
    "filesystemConfigurations",
    "metadataConfiguration",
    "platformVersion",
    "capacityProviderConfiguration",
    "hooksConfiguration",
    "allowedPorts",
    "resourceConfigurations",
)


class ControlPlane:
    """`settle_seconds`: how long a transition takes; `role_seconds`: how long a new role stays invisible."""

    def __init__(
        self,
        account: Account,
        s3: Any,
        iam: Any,
        store: Path,
        stop_sessions: Callable[[str], Awaitable[None]],
        make_log: Callable[[str], Awaitable[None]],
        python: str,
        settle_seconds: float,
        role_seconds: float,
    ) -> None:
        self.account, self.s3, self.iam, self.store, self.python = account, s3, iam, store, python
        self.stop_sessions, self.make_log = stop_sessions, make_log
        self.settle_seconds, self.role_seconds = settle_seconds, role_seconds
        self._transitions: set[asyncio.Task[None]] = set()

    def _later(self, transition: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(transition)
        self._transitions.add(task)
        task.add_done_callback(self._transitions.discard)

    async def settled(self) -> None:
        """Wait for every transition under way."""
        await asyncio.gather(*self._transitions)

    async def create_agent_runtime(self, p: Params) -> Params:
        await asyncio.to_thread(self._check, p)
        runtime = self.account.add(p["agentRuntimeName"], p.get("tags", {}))
        runtime.endpoints["DEFAULT"] = Endpoint("DEFAULT", "1")
        version = self._add_version(runtime, p, "CREATING")
        return self._identity(runtime, version) | {"createdAt": runtime.created, "status": "CREATING"}

    async def update_agent_runtime(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeId"])
        runtime.refuse_while_busy()
        await asyncio.to_thread(self._check, p)
        version = self._add_version(runtime, p, "UPDATING")
        times = {"createdAt": runtime.created, "lastUpdatedAt": version.created}
        return self._identity(runtime, version) | times | {"status": "UPDATING"}

    def _check(self, p: Params) -> None:
        self._check_role(p["roleArn"])
        code = p["agentRuntimeArtifact"].get("codeConfiguration")
        if code:
            packages.find(self.s3, code)

    def _check_role(self, arn: str) -> None:
        refusal = invalid(
            f"Role validation failed for '{arn}'. Please verify that the role exists and its trust policy allows "
            "assumption by this service"
        )
        try:
            role = self.iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]
        except ClientError:
            raise refusal from None
        visible = (now() - role["CreateDate"]).total_seconds() >= self.role_seconds
        if not visible or PRINCIPAL not in json.dumps(role["AssumeRolePolicyDocument"]):
            raise refusal

    def _add_version(self, runtime: Runtime, config: Params, status: str) -> Version:
        version = Version(str(int(runtime.latest.number) + 1 if runtime.versions else 1), config, status)
        runtime.versions.append(version)
        self._later(self._prepare(runtime, version))
        return version

    async def _prepare(self, runtime: Runtime, version: Version) -> None:
        """CREATING or UPDATING to READY, or to the failure of the two. A failed update leaves DEFAULT where it was."""
        default = runtime.endpoints["DEFAULT"]
        await asyncio.sleep(self.settle_seconds)
        try:
            code = version.config["agentRuntimeArtifact"].get("codeConfiguration")
            if code:
                version.root = await asyncio.to_thread(packages.unpack, self.s3, code, self.store, self.python)
        except Exception as error:  # a fault of the emulator's too: the version would be CREATING for ever
            version.status, version.failure = version.status.replace("ING", "E_FAILED"), f"{error}" or repr(error)
            default.status = "READY" if default.live else "CREATE_FAILED"
        else:
            await self.make_log(f"{runtime.id}-DEFAULT")
            version.status, default.target = "READY", version.number
            default.status = "UPDATING" if default.live else "CREATING"
            await asyncio.sleep(self.settle_seconds)  # DEFAULT moves by itself, later
            default.serve(version.number)

    async def get_agent_runtime(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeId"])
        version = runtime.version(p.get("agentRuntimeVersion"))
        failure = {"failureReason": version.failure} if version.failure else {}
        return {
            **self._identity(runtime, version),
            **{name: version.config[name] for name in CONFIGURATION if name in version.config},
            **failure,
            "agentRuntimeName": runtime.name,
            "lifecycleConfiguration": version.lifecycle,
            "createdAt": runtime.created,
            "lastUpdatedAt": version.created,
            "status": "DELETING" if runtime.deleting else version.status,
        }

    async def list_agent_runtimes(self, p: Params) -> Params:
        rows = [_summary(runtime, runtime.latest) for runtime in self.account.runtimes.values()]
        return _page("agentRuntimes", rows, p)

    async def list_agent_runtime_versions(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeId"])
        return _page("agentRuntimes", [_summary(runtime, version) for version in reversed(runtime.versions)], p)

    async def delete_agent_runtime(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeId"])
        runtime.refuse_while_busy()
        if "agentRuntimeVersion" in p:
            return self._delete_version(runtime, runtime.version(p["agentRuntimeVersion"]))
        if others := sorted(set(runtime.endpoints) - {"DEFAULT"}):
            raise conflict(f"agent '{runtime.id}' still has the endpoints {', '.join(others)}")
        runtime.deleting = True
        self._later(self._remove(runtime))
        return {"status": "DELETING", "agentRuntimeId": runtime.id}

    def _delete_version(self, runtime: Runtime, version: Version) -> Params:
        users = [e.name for e in runtime.endpoints.values() if version.number in (e.live, e.target)]
        if users:
            raise conflict(f"version {version.number} is served by {', '.join(users)}")
        version.status = "DELETING"
        self._later(self._remove_version(runtime, version))
        return {"status": "DELETING", "agentRuntimeId": runtime.id}

    async def _remove_version(self, runtime: Runtime, version: Version) -> None:
        await asyncio.sleep(self.settle_seconds)
        runtime.versions.remove(version)

    async def _remove(self, runtime: Runtime) -> None:
        await asyncio.sleep(self.settle_seconds)
        await self.stop_sessions(runtime.id)
        del self.account.runtimes[runtime.id]

    async def create_agent_runtime_endpoint(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeId"])
        if p["name"] in runtime.endpoints:
            raise conflict(f"An endpoint with the specified name '{p['name']}' already exists")
        version = runtime.version(p.get("agentRuntimeVersion"))
        endpoint = Endpoint(p["name"], version.number, description=p.get("description"))
        runtime.endpoints[endpoint.name] = endpoint
        self._later(self._serve(runtime, endpoint, version.number))
        view = _endpoint(runtime, endpoint)
        view["endpointName"] = view.pop("name")
        return {name: view[name] for name in view if name not in ("id", "lastUpdatedAt", "liveVersion", "description")}

    async def update_agent_runtime_endpoint(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeId"])
        endpoint = runtime.endpoint(p["endpointName"])
        version = runtime.version(p.get("agentRuntimeVersion"))
        endpoint.status, endpoint.target = "UPDATING", version.number
        self._later(self._serve(runtime, endpoint, version.number))
        view = _endpoint(runtime, endpoint)
        return {name: view[name] for name in view if name not in ("name", "id", "description")}

    async def _serve(self, runtime: Runtime, endpoint: Endpoint, version: str) -> None:
        await asyncio.sleep(self.settle_seconds)
        await self.make_log(f"{runtime.id}-{endpoint.name}")
        endpoint.serve(version)

    async def get_agent_runtime_endpoint(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeId"])
        return _endpoint(runtime, runtime.endpoint(p["endpointName"]))

    async def list_agent_runtime_endpoints(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeId"])
        return _page("runtimeEndpoints", [_endpoint(runtime, each) for each in runtime.endpoints.values()], p)

    async def delete_agent_runtime_endpoint(self, p: Params) -> Params:
        runtime = self.account.runtime(p["agentRuntimeId"])
        endpoint = runtime.endpoint(p["endpointName"])
        if endpoint.name == "DEFAULT":
            raise conflict("the endpoint DEFAULT goes with its runtime")
        del runtime.endpoints[endpoint.name]
        return {"status": "DELETING", "agentRuntimeId": runtime.id, "endpointName": endpoint.name}

    async def list_tags_for_resource(self, p: Params) -> Params:
        return {"tags": self.account.runtime(p["resourceArn"]).tags}

    async def tag_resource(self, p: Params) -> Params:
        self.account.runtime(p["resourceArn"]).tags.update(p["tags"])
        return {}

    async def untag_resource(self, p: Params) -> Params:
        tags = self.account.runtime(p["resourceArn"]).tags
        for key in p["tagKeys"]:
            tags.pop(key, None)
        return {}

    def _identity(self, runtime: Runtime, version: Version) -> Params:
        workload = self.account.arn(f"workload-identity-directory/default/workload-identity/{runtime.id}")
        return {
            "agentRuntimeArn": runtime.arn,
            "agentRuntimeId": runtime.id,
            "agentRuntimeVersion": version.number,
            "workloadIdentityDetails": {"workloadIdentityArn": workload},
        }


def _summary(runtime: Runtime, version: Version) -> Params:
    return {
        "agentRuntimeArn": runtime.arn,
        "agentRuntimeId": runtime.id,
        "agentRuntimeVersion": version.number,
        "agentRuntimeName": runtime.name,
        "description": version.config.get("description", "-"),
        "lastUpdatedAt": version.created,
        "status": "DELETING" if runtime.deleting else version.status,
    }


def _endpoint(runtime: Runtime, endpoint: Endpoint) -> Params:
    view = {
        "agentRuntimeArn": runtime.arn,
        "agentRuntimeEndpointArn": f"{runtime.arn}/runtime-endpoint/{endpoint.name}",
        "name": endpoint.name,
        "id": f"{endpoint.name}-{endpoint.suffix}",
        "targetVersion": endpoint.target,
        "liveVersion": endpoint.live,
        "status": endpoint.status,
        "description": endpoint.description,
        "createdAt": endpoint.created,
        "lastUpdatedAt": endpoint.updated,
    }
    return {name: value for name, value in view.items() if value is not None}


def _page(member: str, rows: list[Params], p: Params) -> Params:
    start, size = int(p.get("nextToken", 0)), p.get("maxResults", 100)
    more = {"nextToken": str(start + size)} if start + size < len(rows) else {}
    return {member: rows[start : start + size], **more}
