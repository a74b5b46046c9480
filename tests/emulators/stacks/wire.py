"""AWS's query protocol from the server's side: forms in, XML out, as botocore's model of the service says."""

import datetime as dt
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape

from ..agentcore.validation import violations
from .errors import StackError, invalid

Params = dict[str, Any]
NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
CASTS: dict[str, Any] = {"boolean": lambda text: text == "true", "integer": int, "long": int}


@cache
def service() -> ServiceModel:
    return botocore.session.get_session().get_service_model("cloudformation")


def parse(form: dict[str, str]) -> tuple[OperationModel, Params]:
    """The operation that a form names, and its parameters, held to the model."""
    if form.get("Action") not in service().operation_names:
        raise StackError("InvalidAction", f"Could not find operation {form.get('Action')}")
    operation = service().operation_model(form["Action"])
    params: Params = _parse(operation.input_shape, form, "") or {}
    missing = [name for name in operation.input_shape.required_members if name not in params]
    found = [(name, "member must not be null") for name in missing] + list(violations(params, operation.input_shape))
    if found:
        text = "; ".join(f"Value at '{at}' failed to satisfy constraint: {what}" for at, what in found)
        raise invalid(f"{len(found)} validation error detected: {text}")
    return operation, params


def _parse(shape: Any, form: dict[str, str], at: str) -> Any:
    """The value at a prefix of the form; None where there is none."""
    if shape.type_name == "structure":
        members = {name: _parse(member, form, f"{at}.{name}".lstrip(".")) for name, member in shape.members.items()}
        return {name: value for name, value in members.items() if value is not None} or None
    if shape.type_name == "list":
        return [] if form.get(at) == "" else _items(shape, form, at) or None
    if shape.type_name == "map":
        entries = _items(_Entry(shape), form, at, "entry")
        return {entry["key"]: entry["value"] for entry in entries} or None
    return CASTS.get(shape.type_name, str)(form[at]) if at in form else None


class _Entry:
    """An entry of a map, as a list's member."""

    def __init__(self, shape: Any) -> None:
        self.member = self
        self.type_name, self.members = "structure", {"key": shape.key, "value": shape.value}


def _items(shape: Any, form: dict[str, str], at: str, name: str = "member") -> list[Any]:
    found: list[Any] = []
    while (item := _parse(shape.member, form, f"{at}.{name}.{len(found) + 1}")) is not None:
        found.append(item)
    return found


def answer(operation: OperationModel, result: Params) -> bytes:
    root = Element(f"{operation.name}Response", xmlns=NAMESPACE)
    if operation.output_shape:
        held = list(violations(result, operation.output_shape))
        assert not held, f"the answer to {operation.name} breaks the model: {held}"
        _write(SubElement(root, f"{operation.name}Result"), operation.output_shape, result)
    SubElement(SubElement(root, "ResponseMetadata"), "RequestId").text = "emulated"
    return tostring(root)


def failure(error: StackError) -> bytes:
    root = Element("ErrorResponse", xmlns=NAMESPACE)
    details = SubElement(root, "Error")
    for name, text in {"Type": "Sender", "Code": error.code, "Message": str(error)}.items():
        SubElement(details, name).text = text
    return tostring(root)


def _write(parent: Element, shape: Shape | Any, value: Any) -> None:
    if shape.type_name == "structure":
        for name, each in value.items():
            if each is not None:
                _write(SubElement(parent, name), shape.members[name], each)
    elif shape.type_name == "list":
        for each in value:
            _write(SubElement(parent, "member"), shape.member, each)
    elif shape.type_name == "map":
        for key, each in value.items():
            entry = SubElement(parent, "entry")
            SubElement(entry, "key").text = key
            _write(SubElement(entry, "value"), shape.value, each)
    else:
        parent.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, dt.datetime) else str(value)
