"""Values held to botocore's shapes, with what its client does not check: maxima, patterns, enums, unknown members."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

from .errors import invalid
from .models import Params

Violation = tuple[str, str]  # where, what


def check_input(operation: OperationModel, params: Params) -> None:
    """Raise the ValidationException that the service would answer with."""
    shape: Any = operation.input_shape
    report = ParamValidator().validate(params, shape)
    found = [("", line) for line in report.generate_report().splitlines()]
    found += violations(params, shape)
    if found:
        text = "; ".join(f"Value at '{at}' failed to satisfy constraint: {what}" if at else what for at, what in found)
        fields = [{"name": at, "message": what} for at, what in found]
        raise invalid(f"{len(found)} validation error detected: {text}", fieldList=fields)


def check_output(operation: OperationModel, result: Params) -> None:
    """The emulator holds itself to the model too."""
    shape = operation.output_shape
    missing = [(name, "missing") for name in shape.required_members if name not in result] if shape else []
    found = missing + (list(violations(result, shape)) if shape else [])
    if found:
        raise AssertionError(f"the answer to {operation.name} breaks the model: {found}")


def violations(value: Any, shape: Shape, at: str = "") -> Iterator[Violation]:
    yield from _SHAPES.get(shape.type_name, _scalar)(value, shape, at)


def _structure(value: Any, shape: Any, at: str) -> Iterator[Violation]:
    if not isinstance(value, dict):
        return
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield at, "exactly one member of the union must be set"
    for name, member in value.items():
        inner = f"{at}.{name}".lstrip(".")
        if name in shape.members:
            yield from violations(member, shape.members[name], inner)
        else:
            yield inner, "unknown member"


def _list(value: Any, shape: Any, at: str) -> Iterator[Violation]:
    yield from _too_long(value, shape, at)
    for number, member in enumerate(value, 1):
        yield from violations(member, shape.member, f"{at}.{number}.member")


def _map(value: Any, shape: Any, at: str) -> Iterator[Violation]:
    yield from _too_long(value, shape, at)
    for key, member in value.items():
        yield from violations(key, shape.key, f"{at}.key")
        yield from violations(member, shape.value, f"{at}.{key}.value")


def _text(value: Any, shape: Any, at: str) -> Iterator[Violation]:
    yield from _too_long(value, shape, at)
    pattern = shape.metadata.get("pattern")
    if pattern and isinstance(value, str) and not re.fullmatch(pattern, value):
        yield at, f"member must satisfy regular expression pattern: {pattern}"
    if getattr(shape, "enum", None) and value not in shape.enum:
        yield at, f"member must satisfy enum value set: {shape.enum}"


def _number(value: Any, shape: Shape, at: str) -> Iterator[Violation]:
    maximum = shape.metadata.get("max")
    if maximum is not None and value > maximum:
        yield at, f"member must have value less than or equal to {maximum}"


def _scalar(value: Any, shape: Shape, at: str) -> Iterator[Violation]:
    yield from ()


def _too_long(value: Any, shape: Shape, at: str) -> Iterator[Violation]:
    maximum = shape.metadata.get("max")
    if maximum is not None and len(value) > maximum:
        yield at, f"member must have length less than or equal to {maximum}"


_SHAPES: dict[str, Callable[[Any, Any, str], Iterator[Violation]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _text,
    "blob": _text,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
}
