"""Stacks: what they hold, how a change set is worked out, and how it is carried out or taken back."""

import copy
import datetime as dt
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from . import schemas, template
from .errors import ResourceFailure, StackError, invalid
from .resources import TYPES, Client, Type, missing, physical_name

Json = dict[str, Any]
CHANGEABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass
class Resource:
    kind: str
    physical_id: str
    properties: Json
    attributes: Json
    retained: bool = False


@dataclass
class Stack:
    name: str
    id: str
    status: str
    tags: list[Json] = field(default_factory=list)
    role: str | None = None
    template: Json = field(default_factory=lambda: {"Resources": {}})
    parameters: Json = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    change_sets: dict[str, "ChangeSet"] = field(default_factory=dict)
    drift: Json = field(default_factory=lambda: {"StackDriftStatus": "NOT_CHECKED"})
    reason: str | None = None
    created: dt.datetime = field(default_factory=now)


@dataclass
class ChangeSet:
    name: str
    id: str
    kind: str  # CREATE, UPDATE, IMPORT
    template: Json
    parameters: Json
    tags: list[Json]
    role: str | None
    capabilities: list[str]
    imports: dict[str, Json]
    revert_drift: bool
    changes: list[Json] = field(default_factory=list)
    status: str = "CREATE_IN_PROGRESS"
    reason: str | None = None
    execution: str = "UNAVAILABLE"


class Engine:
    """Carries change sets out in an account, as `clients` reach it."""

    def __init__(self, clients: Client, region: str, account: str) -> None:
        self.region, self.account = region, account
        self.types: dict[str, Type] = {name: each(clients) for name, each in TYPES.items()}

    # What a change set would do

    def plan(self, stack: Stack, wanted: ChangeSet) -> None:
        """Fill in the change set's changes, or why it fails."""
        scope = self._scope(stack, wanted.template, wanted.parameters, stack.resources)
        names = {name for name, each in wanted.template["Resources"].items() if scope.present(each)}
        for name in names:
            schemas.schema(wanted.template["Resources"][name]["Type"], self.region)
        template.order(wanted.template, names)
        changed: set[str] = set()
        for name in template.order(wanted.template, names):
            if change := self._change(stack, wanted, scope, name, changed):
                wanted.changes.append(change)
                changed.add(name)
        for name in sorted(set(stack.resources) - names):
            wanted.changes.append(_entry("Remove", name, stack.resources[name]))
        self._finish(stack, wanted)

    def _finish(self, stack: Stack, wanted: ChangeSet) -> None:
        wanted.status, wanted.execution = "CREATE_COMPLETE", "AVAILABLE"
        outputs = stack.template.get("Outputs") != wanted.template.get("Outputs")
        if not wanted.changes and not outputs and wanted.kind == "UPDATE" and stack.tags == wanted.tags:
            wanted.status, wanted.execution = "FAILED", "UNAVAILABLE"
            wanted.reason = (
                "The submitted information didn't contain changes. Submit different information to create a change set."
            )

    def _change(self, stack: Stack, wanted: ChangeSet, scope: Any, name: str, changed: set[str]) -> Json | None:
        declared = wanted.template["Resources"][name]
        current = stack.resources.get(name)
        if name in wanted.imports:
            return _entry("Import", name, Resource(declared["Type"], next(iter(wanted.imports[name].values())), {}, {}))
        if current is None:
            return _entry("Add", name, Resource(declared["Type"], "", {}, {}))
        if current.kind != declared["Type"]:
            raise invalid(f"Update of resource type is not permitted. Resource: {name}")
        properties = self._properties(wanted, scope, name)
        found = set(_differences(current.properties, properties))
        dynamic = {
            each
            for each, value in declared.get("Properties", {}).items()
            if changed & set(template.references(value)) and each not in found
        }
        drifted = self._drift(current) if wanted.revert_drift else []
        found |= {each["PropertyPath"].split("/")[1] for each in drifted or []}
        if drifted is None:
            return _entry("Add", name, current)
        if not found and not dynamic:
            return None
        return self._modification(name, current, found, dynamic, bool(drifted))

    def _modification(self, name: str, current: Resource, found: set[str], dynamic: set[str], drifted: bool) -> Json:
        fixed = schemas.top_level(current.kind, "createOnlyProperties", self.region)
        details = [_detail(each, "Always" if each in fixed else "Never", "Static") for each in sorted(found)]
        details += [_detail(each, "Conditionally" if each in fixed else "Never", "Dynamic") for each in sorted(dynamic)]
        entry = _entry("Modify", name, current)
        replacement = "True" if found & fixed else "Conditional" if dynamic & fixed else "False"
        entry["ResourceChange"] |= {"Replacement": replacement, "Scope": ["Properties"], "Details": details}
        if drifted:
            entry["ResourceChange"]["ResourceDriftStatus"] = "MODIFIED"
        return entry

    # What a resource of the template is

    def _scope(self, stack: Stack, body: Json, parameters: Json, made: dict[str, Resource]) -> template.Scope:
        def attribute(resource: str, name: str | None) -> Any:
            if resource not in made:
                return f"(known after {resource} is made)"
            if name is None:
                return made[resource].physical_id
            if name not in made[resource].attributes:
                raise invalid(
                    f"Template error: resource {resource} does not support attribute type {name} in Fn::GetAtt"
                )
            return made[resource].attributes[name]

        return template.Scope(body, parameters, self.pseudo(stack), attribute)

    def pseudo(self, stack: Stack) -> Json:
        return {
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack.name,
            "AWS::StackId": stack.id,
        }

    def _properties(self, wanted: "ChangeSet", scope: template.Scope, name: str) -> Json:
        declared = wanted.template["Resources"][name]
        kind = declared["Type"]
        properties = schemas.coerced(kind, scope.resolve(declared.get("Properties", {})), self.region)
        return self._tagged(kind, properties, wanted.tags)

    def _tagged(self, kind: str, properties: Json, tags: list[Json]) -> Json:
        """The stack's tags are tags of every resource that takes tags."""
        place = schemas.tag_property(kind, self.region)
        if not place or not tags:
            return properties
        name, as_map = place
        own = properties.get(name, {} if as_map else [])
        pairs = own if as_map else {each["Key"]: each["Value"] for each in own}
        pairs = {each["Key"]: each["Value"] for each in tags} | pairs
        listed = [{"Key": key, "Value": value} for key, value in pairs.items()]
        return properties | {name: pairs if as_map else listed}

    # Carrying it out

    def execute(self, stack: Stack, wanted: ChangeSet) -> None:
        """Do what the change set says; in the end the stack is complete, or as it was before."""
        verb = wanted.kind
        before = copy.copy(stack)
        before.resources = dict(stack.resources)
        stack.role, stack.tags = wanted.role or stack.role, wanted.tags
        self._status(stack, f"{verb}_IN_PROGRESS")
        made: list[str] = []
        replaced: list[Resource] = []
        try:
            self._apply(stack, wanted, made, replaced)
        except (ResourceFailure, StackError) as error:
            stack.reason = f"The following resource(s) failed to {verb.lower()}: [{error.args[0]}]"
            self._take_back(stack, before, wanted, made)
            return
        if verb == "UPDATE":
            stack.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        self._clean_up(stack, wanted, replaced)
        stack.template, stack.parameters = wanted.template, wanted.parameters
        self._status(stack, f"{verb}_COMPLETE")

    def _apply(self, stack: Stack, wanted: ChangeSet, made: list[str], replaced: list[Resource]) -> None:
        scope = self._scope(stack, wanted.template, wanted.parameters, stack.resources)
        names = {name for name, each in wanted.template["Resources"].items() if scope.present(each)}
        drifted = {
            each["ResourceChange"]["LogicalResourceId"]
            for each in wanted.changes
            if "ResourceDriftStatus" in each["ResourceChange"]
        }
        for name in template.order(wanted.template, names):
            try:
                self._make(stack, wanted, scope, name, made, replaced, name in drifted)
            except (ResourceFailure, ClientError) as error:
                kind = wanted.template["Resources"][name]["Type"]
                action = "UPDATE" if name in stack.resources and name not in made else "CREATE"
                self._event(stack, name, kind, f"{action}_FAILED", str(error))
                raise ResourceFailure(name, str(error)) from error

    def _make(
        self,
        stack: Stack,
        wanted: ChangeSet,
        scope: template.Scope,
        name: str,
        made: list[str],
        replaced: list[Resource],
        drifted: bool,
    ) -> None:
        declared = wanted.template["Resources"][name]
        kind, current = declared["Type"], stack.resources.get(name)
        properties = self._properties(wanted, scope, name)
        schemas.check(kind, properties, self.region)
        retained = declared.get("DeletionPolicy") == "Retain"
        if current and (not drifted) and not _differences(current.properties, properties):
            current.retained = retained
            return
        if current and not self._replaces(current, properties):
            self._event(stack, name, kind, "UPDATE_IN_PROGRESS")
            made.append(name)
            done = self.types[kind].update(current.physical_id, properties, current.properties)
            action = "UPDATE"
        elif name in wanted.imports:
            self._event(stack, name, kind, "IMPORT_IN_PROGRESS")
            done, action = self.types[kind].describe(self.types[kind].identifier(wanted.imports[name])), "IMPORT"
        else:
            self._event(stack, name, kind, "CREATE_IN_PROGRESS")
            done, action = self.types[kind].create(properties, physical_name(stack.name, name)), "CREATE"
            made.append(name)
            if current:
                replaced.append(current)
        stack.resources[name] = Resource(kind, done.physical_id, properties, done.attributes, retained)
        self._event(stack, name, kind, f"{action}_COMPLETE")

    def _replaces(self, current: Resource, properties: Json) -> bool:
        fixed = schemas.top_level(current.kind, "createOnlyProperties", self.region)
        return bool(fixed & set(_differences(current.properties, properties)))

    def _clean_up(self, stack: Stack, wanted: ChangeSet, replaced: list[Resource]) -> None:
        scope = self._scope(stack, wanted.template, wanted.parameters, stack.resources)
        gone = [
            name
            for name in stack.resources
            if name not in wanted.template["Resources"] or not scope.present(wanted.template["Resources"][name])
        ]
        for resource in [*reversed(replaced), *(stack.resources.pop(name) for name in gone)]:
            if not resource.retained:
                self._remove(resource)

    def _take_back(self, stack: Stack, before: Stack, wanted: ChangeSet, made: list[str]) -> None:
        creating = wanted.kind == "CREATE"
        self._status(stack, "ROLLBACK_IN_PROGRESS" if creating else f"{wanted.kind}_ROLLBACK_IN_PROGRESS")
        try:
            for name in reversed(made):
                self._undo(stack, before.resources.get(name), name)
        except (ResourceFailure, ClientError) as error:
            stack.reason = str(error)
            self._status(stack, "ROLLBACK_FAILED" if creating else "UPDATE_ROLLBACK_FAILED")
            return
        stack.resources, stack.tags, stack.role = before.resources, before.tags, before.role
        self._status(stack, "ROLLBACK_COMPLETE" if creating else f"{wanted.kind}_ROLLBACK_COMPLETE")

    def _undo(self, stack: Stack, old: Resource | None, name: str) -> None:
        current = stack.resources.get(name)
        if (old is None and current) or (old and current and old.physical_id != current.physical_id):
            self._remove(current)
        elif old:
            done = self.types[old.kind].update(old.physical_id, old.properties, (current or old).properties)
            old.attributes = done.attributes

    def delete(self, stack: Stack) -> None:
        self._status(stack, "DELETE_IN_PROGRESS")
        for name in reversed(template.order(stack.template, set(stack.resources))):
            resource = stack.resources[name]
            try:
                if not resource.retained:
                    self._remove(resource)
            except (ResourceFailure, ClientError) as error:
                self._event(stack, name, resource.kind, "DELETE_FAILED", str(error))
                stack.reason = f"The following resource(s) failed to delete: [{name}]."
                self._status(stack, "DELETE_FAILED")
                return
            del stack.resources[name]
            self._event(stack, name, resource.kind, "DELETE_COMPLETE")
        self._status(stack, "DELETE_COMPLETE")

    def _remove(self, resource: Resource) -> None:
        try:
            self.types[resource.kind].delete(resource.physical_id)
        except ClientError as error:
            if not missing(error):
                raise

    # Drift

    def drifts(self, stack: Stack) -> Iterator[Json]:
        for name, resource in stack.resources.items():
            found = self._drift(resource)
            status = "DELETED" if found is None else "MODIFIED" if found else "IN_SYNC"
            yield {
                "StackId": stack.id,
                "LogicalResourceId": name,
                "PhysicalResourceId": resource.physical_id,
                "ResourceType": resource.kind,
                "PropertyDifferences": found or [],
                "StackResourceDriftStatus": status,
                "Timestamp": now(),
            }

    def _drift(self, resource: Resource) -> list[Json] | None:
        """How the resource differs from its template; None when it is gone."""
        try:
            actual = self.types[resource.kind].read(resource.physical_id)
        except ClientError as error:
            if missing(error):
                return None
            raise
        if actual is None:
            return None
        return [
            {
                "PropertyPath": f"/{name}",
                "ExpectedValue": _text(value),
                "ActualValue": _text(actual.get(name)),
                "DifferenceType": "NOT_EQUAL" if name in actual else "REMOVE",
            }
            for name, value in resource.properties.items()
            if name != "Tags" and name in actual and not _covers(actual[name], value)
        ]

    # What happened

    def _status(self, stack: Stack, status: str) -> None:
        stack.status = status
        self._event(stack, stack.name, "AWS::CloudFormation::Stack", status, stack.reason)

    def _event(self, stack: Stack, name: str, kind: str, status: str, reason: str | None = None) -> None:
        resource = stack.resources.get(name)
        event = {
            "StackId": stack.id,
            "EventId": str(uuid.uuid4()),
            "StackName": stack.name,
            "LogicalResourceId": name,
            "PhysicalResourceId": resource.physical_id if resource else "",
            "ResourceType": kind,
            "Timestamp": now(),
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
        }
        stack.events.insert(0, {key: value for key, value in event.items() if value is not None})

    def outputs(self, stack: Stack) -> list[Json]:
        scope = self._scope(stack, stack.template, stack.parameters, stack.resources)
        declared = {n: e for n, e in stack.template.get("Outputs", {}).items() if scope.present(e)}
        return [{"OutputKey": n, "OutputValue": str(scope.resolve(e["Value"]))} for n, e in declared.items()]


def _entry(action: str, name: str, resource: Resource) -> Json:
    change = {"Action": action, "LogicalResourceId": name, "ResourceType": resource.kind}
    if resource.physical_id:
        change["PhysicalResourceId"] = resource.physical_id
    return {"Type": "Resource", "ResourceChange": change}


def _detail(name: str, recreation: str, evaluation: str) -> Json:
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}
    source = "DirectModification" if evaluation == "Static" else "ResourceAttribute"
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source}


def _differences(before: Json, after: Json) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _covers(actual: Any, wanted: Any) -> bool:
    """The service may add members of its own to what it was given, but not to a map of the user's."""
    if isinstance(wanted, dict) and isinstance(actual, dict):
        users_own = wanted and not all(name[:1].isupper() and name.isalnum() for name in {*wanted, *actual})
        if users_own and set(wanted) != set(actual):
            return False
        return all(_covers(actual.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(actual, list):
        return len(wanted) == len(actual) and all(map(_covers, actual, wanted))
    return bool(actual == wanted)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
