"""The service's operations, behind one URL."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import boto3
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..agentcore.errors import AwsError
from ..agentcore.faults import Faults
from ..serving import serve
from . import template, wire
from .errors import StackError, invalid
from .stacks import CHANGEABLE, ChangeSet, Engine, Stack, now

Json = dict[str, Any]
IAM = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")


class CloudFormation:
    """The stacks of one account in one region. `calls` records every request; `faults` makes some of them fail."""

    url = ""

    def __init__(self, endpoints: dict[str, str], region: str = "us-west-2", account: str = "123456789012") -> None:
        self.clients = cache(lambda service: _client(service, endpoints, region))
        self.engine = Engine(self.clients, region, account)
        self.region, self.account = region, account
        self.stacks: dict[str, Stack] = {}
        self.deleted: list[Stack] = []
        self.faults = Faults()
        self.calls: list[tuple[str, Json]] = []
        self.work = ThreadPoolExecutor(1)

    @property
    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_CLOUDFORMATION": self.url}

    @property
    def application(self) -> Starlette:
        return Starlette(routes=[Route("/", self._dispatch, methods=["POST"])])

    async def _dispatch(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        try:
            return Response(await run_in_threadpool(self._answer, form), media_type="text/xml")
        except StackError as error:
            return Response(wire.failure(error), 404 if "NotFound" in error.code else 400, media_type="text/xml")
        except AwsError as error:
            return Response(wire.failure(StackError(error.code, error.message)), 400, media_type="text/xml")

    def _answer(self, form: dict[str, str]) -> bytes:
        operation, params = wire.parse(form)
        self.calls.append((operation.name, params))
        self.faults.strike(operation.name, lost=False)
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", operation.name).lower()
        handler: Callable[[Json], Json] | None = getattr(self, name, None)
        if handler is None:
            raise StackError("InvalidAction", f"{operation.name} is not emulated")
        result = handler(params)
        self.faults.strike(operation.name, lost=True)
        return wire.answer(operation, result)

    # Change sets

    def create_change_set(self, p: Json) -> Json:
        kind = p.get("ChangeSetType", "UPDATE")
        body = self._body(p)
        self._check_capabilities(body, p.get("Capabilities", []))
        self._check_role(p.get("RoleARN"))
        stack = self._target(p["StackName"], kind)
        template.check_references(body, self.engine.pseudo(stack))
        if p["ChangeSetName"] in stack.change_sets:
            raise StackError("AlreadyExistsException", f"ChangeSet {p['ChangeSetName']} already exists")
        wanted = ChangeSet(
            p["ChangeSetName"],
            f"arn:aws:cloudformation:{self.region}:{self.account}:changeSet/{p['ChangeSetName']}/{uuid.uuid4()}",
            kind,
            body,
            template.parameters(body, p.get("Parameters", []), stack.parameters),
            p.get("Tags", []),
            p.get("RoleARN"),
            p.get("Capabilities", []),
            {each["LogicalResourceId"]: each["ResourceIdentifier"] for each in p.get("ResourcesToImport", [])},
            p.get("DeploymentMode") == "REVERT_DRIFT",
        )
        if wanted.revert_drift and kind != "UPDATE":
            raise invalid("DeploymentMode REVERT_DRIFT is for updates only")
        _check_import(stack, wanted)
        self.stacks[stack.name] = stack
        stack.change_sets[wanted.name] = wanted
        self.work.submit(self._plan, stack, wanted)
        return {"Id": wanted.id, "StackId": stack.id}

    def _plan(self, stack: Stack, wanted: ChangeSet) -> None:
        try:
            self.engine.plan(stack, wanted)
        except (StackError, KeyError, AttributeError, TypeError) as error:
            wanted.status, wanted.reason = "FAILED", str(error)

    def _body(self, p: Json) -> Json:
        if p.get("UsePreviousTemplate"):
            return self._stack(p["StackName"]).template
        if "TemplateBody" not in p:
            raise invalid("Either Template URL or Template Body must be specified.")
        return template.load(p["TemplateBody"])

    def _check_capabilities(self, body: Json, given: list[str]) -> None:
        kinds = [each for each in body["Resources"].values() if each["Type"] in IAM]
        named = any("RoleName" in each.get("Properties", {}) for each in kinds)
        needed = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
        if kinds and not {needed, "CAPABILITY_NAMED_IAM"} & set(given):
            raise StackError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")

    def _check_role(self, arn: str | None) -> None:
        if not arn:
            return
        iam = self.clients("iam")
        try:
            trust = str(iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"])
        except iam.exceptions.NoSuchEntityException:
            trust = ""
        if "cloudformation.amazonaws.com" not in trust:
            raise invalid(f"Role {arn} is invalid or cannot be assumed")

    def _target(self, name: str, kind: str) -> Stack:
        stack = self.stacks.get(name)
        fresh = stack is None or stack.status == "REVIEW_IN_PROGRESS"
        if kind == "UPDATE" and stack is None:
            raise invalid(f"Stack [{name}] does not exist")
        if stack and not fresh and kind == "CREATE":
            raise invalid(f"Stack [{name}] already exists and cannot be created again with the changeSet [CREATE].")
        if stack and not fresh and stack.status not in CHANGEABLE:
            raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
        if stack is None:
            arn = f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{name}/{uuid.uuid4()}"
            stack = Stack(name, arn, "REVIEW_IN_PROGRESS")
        if fresh and kind == "UPDATE":
            raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
        return stack

    def describe_change_set(self, p: Json) -> Json:
        stack, wanted = self._change_set(p)
        found = {
            "ChangeSetName": wanted.name,
            "ChangeSetId": wanted.id,
            "StackId": stack.id,
            "StackName": stack.name,
            "Status": wanted.status,
            "StatusReason": wanted.reason,
            "ExecutionStatus": wanted.execution,
            "Changes": wanted.changes,
            "Parameters": _parameters(wanted.parameters),
        }
        return {name: value for name, value in found.items() if value is not None}

    def execute_change_set(self, p: Json) -> Json:
        stack, wanted = self._change_set(p)
        if wanted.execution != "AVAILABLE":
            raise StackError("InvalidChangeSetStatus", f"ChangeSet [{wanted.id}] cannot be executed in its status")
        stack.change_sets.clear()
        wanted.execution = "EXECUTE_IN_PROGRESS"
        stack.status = f"{wanted.kind}_IN_PROGRESS"
        self.work.submit(self._guarded, self.engine.execute, stack, wanted)
        return {}

    def delete_change_set(self, p: Json) -> Json:
        stack = self.stacks.get(p.get("StackName", ""))
        if stack:
            stack.change_sets.pop(p["ChangeSetName"], None)
        return {}

    def _change_set(self, p: Json) -> tuple[Stack, ChangeSet]:
        for stack in self.stacks.values():
            for wanted in stack.change_sets.values():
                if p["ChangeSetName"] == wanted.id or (p["ChangeSetName"], p.get("StackName")) == (
                    wanted.name,
                    stack.name,
                ):
                    return stack, wanted
        raise StackError("ChangeSetNotFound", f"ChangeSet [{p['ChangeSetName']}] does not exist")

    def _guarded(self, act: Callable[..., None], stack: Stack, *arguments: Any) -> None:
        try:
            act(stack, *arguments)
        except Exception as error:  # a fault of the emulator must not look like a stack that takes for ever
            stack.status, stack.reason = "UPDATE_ROLLBACK_FAILED", f"the emulator failed: {error!r}"

    # Stacks

    def describe_stacks(self, p: Json) -> Json:
        found = [self._stack(p["StackName"])] if "StackName" in p else list(self.stacks.values())
        return {"Stacks": [self._described(stack) for stack in found]}

    def _described(self, stack: Stack) -> Json:
        made = {
            "StackId": stack.id,
            "StackName": stack.name,
            "StackStatus": stack.status,
            "StackStatusReason": stack.reason,
            "CreationTime": stack.created,
            "RoleARN": stack.role,
            "Tags": stack.tags,
            "Parameters": _parameters(stack.parameters),
            "DriftInformation": stack.drift,
            "Outputs": self.engine.outputs(stack) if stack.status.endswith("COMPLETE") and stack.resources else [],
        }
        return {name: value for name, value in made.items() if value is not None}

    def _stack(self, name: str) -> Stack:
        for stack in self.stacks.values():
            if name in (stack.name, stack.id):
                return stack
        for stack in self.deleted:
            if name == stack.id:
                return stack
        raise invalid(f"Stack with id {name} does not exist")

    def get_template(self, p: Json) -> Json:
        return {"TemplateBody": json.dumps(self._stack(p["StackName"]).template), "StagesAvailable": ["Original"]}

    def describe_stack_events(self, p: Json) -> Json:
        return {"StackEvents": self._stack(p["StackName"]).events}

    def describe_stack_resources(self, p: Json) -> Json:
        stack = self._stack(p["StackName"])
        rows = [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": each.physical_id,
                "ResourceType": each.kind,
                "Timestamp": now(),
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for name, each in stack.resources.items()
        ]
        return {"StackResources": rows}

    def delete_stack(self, p: Json) -> Json:
        stack = self.stacks.get(p["StackName"])
        if (stack and not stack.status.endswith("IN_PROGRESS")) or (stack and stack.status == "REVIEW_IN_PROGRESS"):
            stack.status, stack.reason = "DELETE_IN_PROGRESS", None
            self.work.submit(self._guarded, self._delete, stack)
        return {}

    def _delete(self, stack: Stack) -> None:
        self.engine.delete(stack)
        if stack.status == "DELETE_COMPLETE":
            self.deleted.append(self.stacks.pop(stack.name))

    # Drift

    def detect_stack_drift(self, p: Json) -> Json:
        stack = self._stack(p["StackName"])
        found = [each for each in self.engine.drifts(stack) if each["StackResourceDriftStatus"] != "IN_SYNC"]
        status = "DRIFTED" if found else "IN_SYNC"
        stack.drift = {"StackDriftStatus": status, "LastCheckTimestamp": now()}
        return {"StackDriftDetectionId": stack.id.rpartition("/")[2]}

    def describe_stack_drift_detection_status(self, p: Json) -> Json:
        for stack in self.stacks.values():
            if stack.id.endswith(p["StackDriftDetectionId"]):
                return {
                    "StackId": stack.id,
                    "StackDriftDetectionId": p["StackDriftDetectionId"],
                    "StackDriftStatus": stack.drift["StackDriftStatus"],
                    "DetectionStatus": "DETECTION_COMPLETE",
                    "Timestamp": now(),
                }
        raise invalid("No drift detection of this id")

    def describe_stack_resource_drifts(self, p: Json) -> Json:
        wanted = set(p.get("StackResourceDriftStatusFilters", ["IN_SYNC", "MODIFIED", "DELETED"]))
        found = self.engine.drifts(self._stack(p["StackName"]))
        return {"StackResourceDrifts": [each for each in found if each["StackResourceDriftStatus"] in wanted]}


def _check_import(stack: Stack, wanted: ChangeSet) -> None:
    if wanted.kind != "IMPORT":
        return
    resources = wanted.template["Resources"]
    if others := sorted(set(resources) - set(wanted.imports) - set(stack.resources)):
        raise invalid(f"As part of the import operation, you cannot modify or add resources [{', '.join(others)}]")
    if bare := [name for name in wanted.imports if "DeletionPolicy" not in resources[name]]:
        raise invalid(f"Resources to import must have DeletionPolicy attribute specified in the template: {bare}")
    if wanted.template.get("Outputs"):
        raise invalid("As part of the import operation, you cannot modify or add [Outputs]")


def _parameters(values: Json) -> list[Json]:
    texts = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in values.items()}
    return [{"ParameterKey": name, "ParameterValue": text} for name, text in texts.items()]


def _client(service: str, endpoints: dict[str, str], region: str) -> Any:
    name = f"AWS_ENDPOINT_URL_{service.replace('-', '_').upper()}"
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoints.get(name, endpoints["AWS_ENDPOINT_URL_S3"]),
        region_name=region,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106
    )


@contextmanager
def cloudformation(endpoints: dict[str, str], port: int = 0) -> Iterator[CloudFormation]:
    """Serve the emulator on loopback; `endpoints`: AWS_ENDPOINT_URL_* of the account whose resources stacks make."""
    emulator = CloudFormation(endpoints)
    with serve(emulator.application, port) as emulator.url:
        yield emulator
        emulator.work.shutdown()
