"""The emulator, driven with boto3."""

import json
import time
import urllib.parse
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import websockets.exceptions
import websockets.sync.client
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError, ResponseStreamingError

from tests.emulators.agentcore import Emulator, Settings, agentcore, packages
from tests.emulators.aws import Aws
from tests.emulators.issuer import Issuer

from .agents import STANDARD_LIBRARY, events, package, sdk_package

Json = Any
BUCKET = "packages"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "bedrock-agentcore.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Caller:
    """boto3 clients, and the few steps that every test takes."""

    def __init__(self) -> None:
        self.control = boto3.client("bedrock-agentcore-control")
        self.data = boto3.client("bedrock-agentcore", config=Config(retries={"total_max_attempts": 1}))
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        self.role = boto3.client("iam").create_role(RoleName="agent", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.upload(package({"main.py": STANDARD_LIBRARY}))

    def upload(self, blob: bytes, key: str = "agent.zip") -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=blob)

    def configuration(self, key: str = "agent.zip", entry: str = "main.py", **more: Any) -> Json:
        code = {"code": {"s3": {"bucket": BUCKET, "prefix": key}}, "runtime": "PYTHON_3_13", "entryPoint": [entry]}
        return {"agentRuntimeArtifact": {"codeConfiguration": code}, "roleArn": self.role["Role"]["Arn"], **more}

    def create(self, name: str = "agent", **more: Any) -> Json:
        created = self.control.create_agent_runtime(agentRuntimeName=name, **self.configuration(**more))
        return self.settled(created["agentRuntimeId"])

    def update(self, runtime: Json, **more: Any) -> Json:
        identity = runtime["agentRuntimeId"]
        self.control.update_agent_runtime(agentRuntimeId=identity, **self.configuration(**more))
        self.serving(identity)
        return self.settled(identity)

    def settled(self, identity: str) -> Json:
        while (runtime := self.control.get_agent_runtime(agentRuntimeId=identity))["status"].endswith("ING"):
            time.sleep(0.01)
        return runtime

    def serving(self, identity: str) -> None:
        """Wait until DEFAULT has moved."""
        default = {"agentRuntimeId": identity, "endpointName": "DEFAULT"}
        while self.control.get_agent_runtime_endpoint(**default)["status"].endswith("ING"):
            time.sleep(0.01)

    def invoke(self, runtime: Json, request: Json | None = None, **more: Any) -> Json:
        payload = json.dumps(request or {"prompt": "hello"}).encode()
        return self.data.invoke_agent_runtime(agentRuntimeArn=runtime["agentRuntimeArn"], payload=payload, **more)


@pytest.fixture
def caller(cloud: Emulator) -> Caller:
    return Caller()


def eventually(ask: Callable[[], Any], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := ask()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found
    return found


def test_a_runtime_is_created_and_becomes_ready(caller: Caller) -> None:
    created = caller.control.create_agent_runtime(agentRuntimeName="agent", **caller.configuration())
    assert created["status"] == "CREATING"
    runtime = caller.settled(created["agentRuntimeId"])
    assert runtime["status"] == "READY"
    assert runtime["agentRuntimeArn"].startswith("arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/agent-")
    assert runtime["lifecycleConfiguration"] == {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}
    default = {"agentRuntimeId": runtime["agentRuntimeId"], "endpointName": "DEFAULT"}
    eventually(lambda: caller.control.get_agent_runtime_endpoint(**default)["status"] == "READY")
    assert caller.control.get_agent_runtime_endpoint(**default)["liveVersion"] == "1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"agentRuntimeName": "bad-name"}, r"agentRuntimeName.*regular expression"),
        ({"networkConfiguration": {"networkMode": "MOON"}}, r"networkMode.*enum"),
        ({"environmentVariables": {f"N{i}": "" for i in range(51)}}, r"environmentVariables.*length"),
        ({"lifecycleConfiguration": {"maxLifetime": 1_209_601}}, r"maxLifetime.*less than or equal"),
        ({"roleArn": "arn:aws:iam::123456789012:role/nobody"}, r"Role validation failed"),
    ],
)
def test_what_botocore_does_not_check_is_refused(caller: Caller, change: Json, message: str) -> None:
    with pytest.raises(caller.control.exceptions.ValidationException, match=message):
        caller.control.create_agent_runtime(**{"agentRuntimeName": "agent", **caller.configuration(), **change})


def test_a_package_that_is_not_there_is_refused(caller: Caller) -> None:
    with pytest.raises(caller.control.exceptions.ValidationException, match=r"cannot read s3://packages/nothing\.zip"):
        caller.create(key="nothing.zip")


def test_a_name_is_taken_once(caller: Caller) -> None:
    caller.create()
    with pytest.raises(caller.control.exceptions.ConflictException):
        caller.create()


def test_a_client_token_makes_a_repeated_call_the_same_call(caller: Caller, cloud: Emulator) -> None:
    cloud.faults.add("CreateAgentRuntime", "InternalServerException", lost=True)
    caller.create()  # botocore repeats it with the same token
    assert [name for name, _ in cloud.calls].count("CreateAgentRuntime") == 2
    assert len(caller.control.list_agent_runtimes()["agentRuntimes"]) == 1


def test_a_new_role_is_not_visible_at_once(account: Aws, cloud: Emulator) -> None:
    caller = Caller()
    with agentcore(account.url, Settings(role_seconds=3600)) as slow:
        control = boto3.client("bedrock-agentcore-control", endpoint_url=slow.url)
        with pytest.raises(ClientError, match="Role validation failed"):
            control.create_agent_runtime(agentRuntimeName="agent", **caller.configuration())


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (package({"other.py": ""}), "entry point main.py is not in the code package"),
        (package({"main.py": ""}, mode=0o600), "main.py is not world-readable"),
        (package({"main.py": "", "x.so": b"\x7fELF" + bytes(14) + b"\x3e\x00"}), "x.so is not built for arm64"),
    ],
    ids=["entry point", "mode", "architecture"],
)
def test_a_package_that_cannot_run_fails_to_create(caller: Caller, blob: bytes, reason: str) -> None:
    caller.upload(blob)
    runtime = caller.create()
    assert runtime["status"] == "CREATE_FAILED"
    assert reason in runtime["failureReason"]


def test_a_package_that_is_too_large_fails_to_create(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "UNZIPPED_LIMIT", 2 * packages.MEGABYTE)
    caller.upload(package({"main.py": bytes(3 * packages.MEGABYTE)}))
    assert caller.create()["failureReason"] == "the code package is 3 MB unzipped; the limit is 2 MB"


def test_events_arrive_one_by_one(caller: Caller, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    answer = caller.invoke(caller.create(), {"prompt": "two", "wait_for": str(gate)})
    stream = answer["response"]._raw_stream.stream()
    assert b"pid" in next(stream)
    gate.touch()
    assert json.loads(next(stream).removeprefix(b"data: ")) == {"said": "two"}


def test_the_agent_sees_only_its_package_and_the_standard_library(caller: Caller) -> None:
    (first, _) = events(caller.invoke(caller.create()))
    assert not [path for path in first["path"] if path.endswith(("site-packages", "dist-packages"))]


def test_sessions_are_processes(caller: Caller) -> None:
    runtime = caller.create()
    ids = [f"session-{number}-{uuid.uuid4()}" for number in range(3)]

    def pid(session: str) -> int:
        return int(events(caller.invoke(runtime, runtimeSessionId=session))[0]["pid"])

    with ThreadPoolExecutor() as pool:
        first, second = list(pool.map(pid, ids)), list(pool.map(pid, ids))
    assert first == second
    assert len(set(first)) == 3
    assert caller.data.stop_runtime_session(agentRuntimeArn=runtime["agentRuntimeArn"], runtimeSessionId=ids[0])
    assert pid(ids[0]) != first[0]
    with pytest.raises(caller.data.exceptions.ResourceNotFoundException):
        caller.data.stop_runtime_session(agentRuntimeArn=runtime["agentRuntimeArn"], runtimeSessionId="n" * 33)


def test_an_idle_session_ends(account: Aws, cloud: Emulator) -> None:
    caller, seconds = Caller(), [0.0]
    with agentcore(account.url, Settings(clock=lambda: seconds[0])) as timed:
        caller.control = boto3.client("bedrock-agentcore-control", endpoint_url=timed.url)
        caller.data = boto3.client("bedrock-agentcore", endpoint_url=timed.url)
        runtime = caller.create(lifecycleConfiguration={"idleRuntimeSessionTimeout": 60})
        pids = []
        for seconds[0] in (0, 59, 120):
            pids.append(events(caller.invoke(runtime, runtimeSessionId="s" * 33))[0]["pid"])
    assert pids[0] == pids[1] != pids[2]


SNAPSHOT = STANDARD_LIBRARY.replace("import http.server,", "import random\nSEEN = random.random()\nimport http.server,")
SNAPSHOT = SNAPSHOT.replace('"version": version,', '"version": version, "seen": SEEN, "next": random.random(),')


def test_sessions_of_platform_version_2_are_copies_of_one_process(caller: Caller) -> None:
    caller.upload(package({"main.py": SNAPSHOT}))
    runtime = caller.create(platformVersion="V2")
    assert caller.control.get_agent_runtime(agentRuntimeId=runtime["agentRuntimeId"])["platformVersion"] == "V2"
    first, second = (events(caller.invoke(runtime, runtimeSessionId=name * 33))[0] for name in "ab")
    assert first["pid"] != second["pid"]
    assert (first["seen"], first["next"]) == (second["seen"], second["next"])
    assert events(caller.invoke(runtime, runtimeSessionId="a" * 33))[0]["pid"] == first["pid"]
    caller.update(runtime, platformVersion="V2", environmentVariables={"VERSION": "two"})
    third = eventually(lambda: events(caller.invoke(runtime, runtimeSessionId="c" * 33))[0])
    assert (third["version"], third["seen"] == first["seen"]) == ("two", False)


def test_a_version_that_cannot_start_is_424_on_platform_version_2_too(caller: Caller) -> None:
    caller.upload(package({"main.py": "print('no luck')\nimport something_missing"}))
    runtime = caller.create(platformVersion="V2")
    with pytest.raises(caller.data.exceptions.RuntimeClientError, match="initialization time exceeded"):
        caller.invoke(runtime)
    group = f"/aws/bedrock-agentcore/runtimes/{runtime['agentRuntimeId']}-DEFAULT"
    lines = eventually(lambda: boto3.client("logs").filter_log_events(logGroupName=group)["events"])
    assert "no luck" in [line["message"] for line in lines]


BUSY = STANDARD_LIBRARY.replace('"content-length", "0"', '"content-length", "25"').replace(
    "        self.end_headers()\n\n    def do_POST",
    '        self.end_headers()\n        self.wfile.write(b\'{"status": "HealthyBusy"} \')\n\n    def do_POST',
)


@pytest.mark.parametrize(("agent", "lives"), [(BUSY, True), (STANDARD_LIBRARY, False)], ids=["busy", "healthy"])
def test_a_session_that_works_lives_on_if_it_says_so(
    account: Aws, cloud: Emulator, tmp_path: Path, agent: str, lives: bool
) -> None:
    caller, seconds, gate = Caller(), [0.0], tmp_path / "gate"
    caller.upload(package({"main.py": agent}))
    with agentcore(account.url, Settings(clock=lambda: seconds[0])) as timed:
        caller.control = boto3.client("bedrock-agentcore-control", endpoint_url=timed.url)
        caller.data = boto3.client("bedrock-agentcore", endpoint_url=timed.url)
        runtime = caller.create(lifecycleConfiguration={"idleRuntimeSessionTimeout": 60})
        stream = caller.invoke(runtime, {"wait_for": str(gate)})["response"]._raw_stream.stream()
        next(stream)
        seconds[0] = 61
        if not lives:
            eventually(lambda: not timed.sessions.running)
        else:
            (session,) = timed.sessions.running.values()
            eventually(lambda: session.used == 61)
        gate.touch()
        try:
            rest = b"".join(stream)
        except Exception:
            rest = b""
    assert (b"said" in rest) == lives


def test_default_moves_later_than_the_version_is_ready(account: Aws, cloud: Emulator) -> None:
    caller = Caller()
    with agentcore(account.url, Settings(settle_seconds=1)) as slow:
        caller.control = boto3.client("bedrock-agentcore-control", endpoint_url=slow.url)
        runtime = caller.create()
        default = {"agentRuntimeId": runtime["agentRuntimeId"], "endpointName": "DEFAULT"}
        assert caller.control.get_agent_runtime_endpoint(**default)["status"] == "CREATING"
        eventually(lambda: caller.control.get_agent_runtime_endpoint(**default)["status"] == "READY", 30)


def test_headers_that_reach_the_agent(caller: Caller) -> None:
    runtime = caller.create(requestHeaderConfiguration={"requestHeaderAllowlist": ["X-Tenant"]})
    sent = {"X-Tenant": "acme", "X-Other": "dropped", "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Plan": "gold"}

    def add(request: AWSRequest, **_: Any) -> None:
        for name, value in sent.items():
            request.headers[name] = value

    caller.data.meta.events.register("before-sign", add)
    headers = {k.lower(): v for k, v in events(caller.invoke(runtime, runtimeSessionId="s" * 33))[0]["headers"].items()}
    assert headers["x-tenant"] == "acme"
    assert headers["x-amzn-bedrock-agentcore-runtime-custom-plan"] == "gold"
    assert headers["x-amzn-bedrock-agentcore-runtime-session-id"] == "s" * 33
    assert "x-other" not in headers and "authorization" not in headers


def test_versions_and_endpoints(caller: Caller) -> None:
    runtime = caller.create(environmentVariables={"VERSION": "one"})
    identity = runtime["agentRuntimeId"]
    caller.control.create_agent_runtime_endpoint(agentRuntimeId=identity, name="prod", agentRuntimeVersion="1")
    caller.update(runtime, environmentVariables={"VERSION": "two"})
    failed = caller.update(runtime, entry="missing.py")

    def served(endpoint: str) -> str:
        return str(events(caller.invoke(runtime, qualifier=endpoint))[0]["version"])

    assert failed["status"] == "UPDATE_FAILED"
    assert (served("DEFAULT"), served("prod")) == ("two", "one")
    caller.control.update_agent_runtime_endpoint(agentRuntimeId=identity, endpointName="prod", agentRuntimeVersion="2")
    eventually(lambda: served("prod") == "two")
    versions = caller.control.list_agent_runtime_versions(agentRuntimeId=identity)["agentRuntimes"]
    assert [(v["agentRuntimeVersion"], v["status"]) for v in versions] == [
        ("3", "UPDATE_FAILED"),
        ("2", "READY"),
        ("1", "READY"),
    ]


def test_deleting(caller: Caller, cloud: Emulator) -> None:
    runtime = caller.create()
    identity = {"agentRuntimeId": runtime["agentRuntimeId"]}
    caller.control.create_agent_runtime_endpoint(**identity, name="prod")
    events(caller.invoke(runtime))
    with pytest.raises(caller.control.exceptions.ConflictException, match="prod"):
        caller.control.delete_agent_runtime(**identity)
    caller.control.delete_agent_runtime_endpoint(**identity, endpointName="prod")
    assert caller.control.delete_agent_runtime(**identity)["status"] == "DELETING"
    eventually(lambda: not caller.control.list_agent_runtimes()["agentRuntimes"])
    assert not cloud.sessions.running


def test_tags(caller: Caller) -> None:
    arn = caller.create(tags={"team": "search"})["agentRuntimeArn"]
    caller.control.tag_resource(resourceArn=arn, tags={"stage": "dev"})
    caller.control.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert caller.control.list_tags_for_resource(resourceArn=arn)["tags"] == {"stage": "dev"}


def test_lists_are_paged(caller: Caller) -> None:
    for name in ("one", "two", "three"):
        caller.create(name)
    pages = caller.control.get_paginator("list_agent_runtimes").paginate(PaginationConfig={"PageSize": 2})
    assert [[each["agentRuntimeName"] for each in page["agentRuntimes"]] for page in pages] == [
        ["one", "two"],
        ["three"],
    ]


def test_what_an_agent_prints_is_logged(caller: Caller) -> None:
    runtime = caller.create()
    events(caller.invoke(runtime))
    group = f"/aws/bedrock-agentcore/runtimes/{runtime['agentRuntimeId']}-DEFAULT"
    logs = boto3.client("logs")
    eventually(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"])
    lines = eventually(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert lines[0]["message"] == "the agent starts"


def test_an_agent_that_cannot_start_is_424(caller: Caller) -> None:
    caller.upload(package({"main.py": "import something_missing"}))
    runtime = caller.create()
    assert runtime["status"] == "READY"  # nothing is started before the first request
    with pytest.raises(caller.data.exceptions.RuntimeClientError, match="initialization time exceeded") as refused:
        caller.invoke(runtime)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424


def test_an_agent_that_answers_an_error_is_424(caller: Caller) -> None:
    with pytest.raises(caller.data.exceptions.RuntimeClientError, match=r"Received error \(500\) from runtime"):
        caller.invoke(caller.create(), {"status": 500})


def test_an_agent_that_crashes_breaks_the_stream_and_the_session_starts_anew(caller: Caller) -> None:
    runtime = caller.create()
    with pytest.raises(ResponseStreamingError):
        events(caller.invoke(runtime, {"crash": True}, runtimeSessionId="s" * 33))
    assert events(caller.invoke(runtime, runtimeSessionId="s" * 33))[1] == {"said": "hello"}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"runtimeSessionId": "s" * 257}, "ValidationException"),
        ({"qualifier": "nowhere"}, "ResourceNotFoundException"),
        ({"agentRuntimeArn": "agent-0123456789"}, "ValidationException"),
        ({"agentRuntimeArn": "agent-0123456789", "accountId": "123456789012"}, "ResourceNotFoundException"),
    ],
)
def test_refused_invocations(caller: Caller, more: Json, code: str) -> None:
    runtime = caller.create()
    with pytest.raises(ClientError) as refused:
        caller.data.invoke_agent_runtime(**{"agentRuntimeArn": runtime["agentRuntimeArn"], "payload": b"{}", **more})
    assert refused.value.response["Error"]["Code"] == code


def test_faults(caller: Caller, cloud: Emulator) -> None:
    runtime = caller.create()
    cloud.faults.add("InvokeAgentRuntime", "ThrottlingException", "slow down")
    with pytest.raises(caller.data.exceptions.ThrottlingException, match="slow down"):
        caller.invoke(runtime)
    assert events(caller.invoke(runtime))


def authorizer(issuer: Issuer) -> Json:
    rules = {"discoveryUrl": issuer.discovery_url, "allowedClients": ["web"], "allowedScopes": ["chat"]}
    return {"customJWTAuthorizer": rules}


def test_a_bearer_token_opens_a_jwt_runtime(caller: Caller, cloud: Emulator, issuer: Issuer) -> None:
    runtime = caller.create(authorizerConfiguration=authorizer(issuer))
    url = f"{cloud.url}/runtimes/{urllib.parse.quote(runtime['agentRuntimeArn'], safe='')}/invocations"

    def status(token: str) -> int:
        return httpx.post(
            url, headers={"Authorization": f"Bearer {token}"}, json={"prompt": "hello"}, timeout=30
        ).status_code

    assert status(issuer.token()) == 200
    assert status(issuer.token(client_id="stranger")) == 401
    assert status(issuer.token(scope="read")) == 401
    assert status(issuer.token(seconds=-60)) == 401
    assert status("nonsense") == 401
    with pytest.raises(caller.data.exceptions.AccessDeniedException, match="Authorization method mismatch"):
        caller.invoke(runtime)


def test_an_iam_runtime_wants_a_signature(caller: Caller, cloud: Emulator) -> None:
    url = f"{cloud.url}/runtimes/{urllib.parse.quote(caller.create()['agentRuntimeArn'], safe='')}/invocations"
    refused = httpx.post(url, json={})
    assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")


def test_an_sdk_agent_for_arm64_streams_and_speaks_websocket(
    caller: Caller, cloud: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    caller.upload(sdk_package(tmp_path_factory.mktemp("sdk")))
    runtime = caller.create()
    assert runtime["status"] == "READY", runtime["failureReason"]
    assert events(caller.invoke(runtime, {"prompt": "one two"})) == [{"word": "one"}, {"word": "two"}]
    url = f"{cloud.url}/runtimes/{urllib.parse.quote(runtime['agentRuntimeArn'], safe='')}/ws"
    request = AWSRequest("GET", url, params={"X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": "s" * 33})
    SigV4QueryAuth(boto3.Session().get_credentials(), "bedrock-agentcore", "us-west-2", expires=300).add_auth(request)
    with websockets.sync.client.connect(request.url.replace("http", "ws", 1)) as socket:
        socket.send("hi")
        assert json.loads(socket.recv()) == {"heard": "hi", "session": "s" * 33}
    with websockets.sync.client.connect(request.url.replace("http", "ws", 1)) as socket:
        socket.send("x" * (32 * 1024 + 1))
        with pytest.raises(websockets.exceptions.ConnectionClosedError, match="32 KB"):
            socket.recv()
    with pytest.raises(websockets.exceptions.InvalidStatus, match="403"):
        websockets.sync.client.connect(request.url.replace("http", "ws", 1).replace("s" * 33, "z" * 33))
