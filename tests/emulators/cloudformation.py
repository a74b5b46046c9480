"""What moto's CloudFormation lacks: AgentCore's types (made in the emulator), alarms, roll-back, "nothing to update".

Import it before a stack is created. moto creates, updates and deletes resources while a request is answered, so a stack
is complete when the call returns. Not done: an update that fails is not rolled back.
"""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import boto3
from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack
from moto.core.common_models import CloudFormationModel

Json = dict[str, Any]
VERBATIM = {"EnvironmentVariables", "Tags"}  # maps whose keys are the user's own


def control() -> Any:
    """A client of the emulator that the environment names."""
    return boto3.client("bedrock-agentcore-control")


def camel(value: Any) -> Any:
    """CloudFormation's names as the API spells them."""
    if isinstance(value, dict):
        return {n[0].lower() + n[1:]: v if n in VERBATIM else camel(v) for n, v in value.items()}
    return [camel(each) for each in value] if isinstance(value, list) else value


def ready(get: Callable[[], Json]) -> Json:
    while (found := get())["status"].endswith("ING"):
        time.sleep(0.02)
    if found["status"] != "READY":
        raise RuntimeError(found.get("failureReason", found["status"]))
    return found


class Resource:
    """What the types share. `attributes` may be named in Fn::GetAtt. moto takes direct subclasses of its own only."""

    attributes: tuple[str, ...]

    def __init__(self, state: Json) -> None:
        self.state = state

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in cls.attributes

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        return self.state[attribute_name[0].lower() + attribute_name[1:]]

    @classmethod
    def is_replacement_update(cls, *_: Any) -> bool:
        return False


class Runtime(Resource, CloudFormationModel):
    __module__ = "moto.bedrockagentcorecontrol.runtime"  # moto finds types by the module of their class
    attributes = ("AgentRuntimeArn", "AgentRuntimeId", "AgentRuntimeVersion", "Status")

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::BedrockAgentCore::Runtime"

    @property
    def physical_resource_id(self) -> str:
        return str(self.state["agentRuntimeId"])

    @staticmethod
    def parameters(properties: Json) -> Json:
        request: Json = camel(properties)
        request["protocolConfiguration"] = {"serverProtocol": request["protocolConfiguration"]}
        lifecycle = request.get("lifecycleConfiguration", {})
        return request | {"lifecycleConfiguration": {name: int(seconds) for name, seconds in lifecycle.items()}}

    @classmethod
    def _ready(cls, runtime_id: str) -> Json:
        return ready(lambda: control().get_agent_runtime(agentRuntimeId=runtime_id))

    @classmethod
    def create_from_cloudformation_json(cls, resource_name: str, cloudformation_json: Json, *_: Any, **__: Any) -> Any:
        made = control().create_agent_runtime(**cls.parameters(cloudformation_json["Properties"]))
        return cls(cls._ready(made["agentRuntimeId"]))

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Json, *_: Any, **__: Any
    ) -> Any:
        request = cls.parameters(cloudformation_json["Properties"])
        del request["agentRuntimeName"], request["tags"]
        control().update_agent_runtime(agentRuntimeId=original_resource.physical_resource_id, **request)
        original_resource.state = cls._ready(original_resource.physical_resource_id)
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name: str, *_: Any, **__: Any) -> None:
        client = control()
        pages = client.list_agent_runtime_endpoints(agentRuntimeId=resource_name)["runtimeEndpoints"]
        for name in {each["name"] for each in pages} - {"DEFAULT"}:
            client.delete_agent_runtime_endpoint(agentRuntimeId=resource_name, endpointName=name)
        client.delete_agent_runtime(agentRuntimeId=resource_name)
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            while client.get_agent_runtime(agentRuntimeId=resource_name):
                time.sleep(0.02)


class RuntimeEndpoint(Resource, CloudFormationModel):
    __module__ = "moto.bedrockagentcorecontrol.endpoint"
    attributes = ("AgentRuntimeEndpointArn", "Id", "LiveVersion", "TargetVersion", "Status")

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::BedrockAgentCore::RuntimeEndpoint"

    @property
    def physical_resource_id(self) -> str:
        return str(self.state["agentRuntimeEndpointArn"])

    @classmethod
    def _ready(cls, runtime_id: str, name: str) -> Json:
        return ready(lambda: control().get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName=name))

    @classmethod
    def create_from_cloudformation_json(cls, resource_name: str, cloudformation_json: Json, *_: Any, **__: Any) -> Any:
        request = camel(cloudformation_json["Properties"])
        control().create_agent_runtime_endpoint(**request)
        return cls(cls._ready(request["agentRuntimeId"], request["name"]))

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Json, *_: Any, **__: Any
    ) -> Any:
        request = camel(cloudformation_json["Properties"])
        name = request.pop("name")
        control().update_agent_runtime_endpoint(endpointName=name, **request)
        original_resource.state = cls._ready(request["agentRuntimeId"], name)
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name: str, *_: Any, **__: Any) -> None:
        """It goes with its runtime, which moto may remove first."""


class Alarm(Resource, CloudFormationModel):
    __module__ = "moto.cloudwatch.alarm"
    attributes = ("Arn",)

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    @property
    def physical_resource_id(self) -> str:
        return str(self.state["AlarmName"])

    @classmethod
    def create_from_cloudformation_json(cls, resource_name: str, cloudformation_json: Json, *_: Any, **__: Any) -> Any:
        boto3.client("cloudwatch").put_metric_alarm(**cloudformation_json["Properties"])
        return cls(cloudformation_json["Properties"])

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Json, *_: Any, **__: Any
    ) -> Any:
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json)

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name: str, *_: Any, **__: Any) -> None:
        boto3.client("cloudwatch").delete_alarms(AlarmNames=[resource_name])


class ResourceFailure(Exception):
    """Why a resource, by its name in the template, could not be made."""


make_resource, make_resources, update = parsing.parse_and_create_resource, Stack.create_resources, Stack.update


def make_or_name(logical_id: str, *arguments: Any, **options: Any) -> Any:
    try:
        return make_resource(logical_id, *arguments, **options)
    except Exception as error:
        raise ResourceFailure(logical_id, str(error)) from error


def make_or_roll_back(stack: Any) -> None:
    try:
        make_resources(stack)
    except ResourceFailure as failure:
        resource, reason = failure.args
        event = models.Event(stack.stack_id, stack.name, resource, "", "AWS::Resource", "CREATE_FAILED", reason, None)
        stack.events.append(event)
        stack.resource_map.delete()
        stack.status = "ROLLBACK_COMPLETE"


def update_if_new(stack: Any, template: str, *arguments: Any, **options: Any) -> None:
    if template == stack.template:
        raise ValidationError(message="No updates are to be performed.")
    update(stack, template, *arguments, **options)
    for name, resource in stack.resource_map._parsed_resources.items():
        if isinstance(resource, RuntimeEndpoint):  # its template is as it was, but the version it names is not
            _, resolved, _ = parsing.parse_resource_and_generate_name(
                name, stack.template_dict["Resources"][name], stack.resource_map
            )
            RuntimeEndpoint.update_from_cloudformation_json(resource, name, resolved)


parsing.parse_and_create_resource = make_or_name
Stack.create_resources = make_or_roll_back  # type: ignore[method-assign]
Stack.update = update_if_new  # type: ignore[assignment, method-assign]
