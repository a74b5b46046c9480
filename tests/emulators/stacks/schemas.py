"""Properties held to the schemas of their resource types, as cfn-lint carries them."""

import json
from functools import cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from jsonschema import Draft7Validator

from .errors import ResourceFailure, invalid

Json = dict[str, Any]
PROPERTIES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s", r"\p{M}": r"\w", r"\p{P}": r"\S", r"\p{S}": r"\S"}


@cache
def schema(kind: str, region: str) -> Json:
    try:
        found: Json = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind).schema
    except Exception:
        raise invalid(f"Template format error: Unrecognized resource types: [{kind}]") from None
    return found


@cache
def _validator(kind: str, region: str) -> Draft7Validator:
    text = json.dumps(schema(kind, region))
    for group, here in PROPERTIES.items():
        text = text.replace(json.dumps(group)[1:-1], json.dumps(here)[1:-1])
    return Draft7Validator(json.loads(text))


def check(kind: str, properties: Json, region: str) -> None:
    """Raise why CloudFormation would not hand these properties to the resource's service."""
    errors = _validator(kind, region).iter_errors(properties)
    found = [f"#/{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in errors]
    read_only = top_level(kind, "readOnlyProperties", region) & set(properties)
    found += [f"#/{name}: is read-only" for name in sorted(read_only)]
    if found:
        raise ResourceFailure(f"Properties validation failed for resource of type {kind}: {'; '.join(found)}")


def top_level(kind: str, group: str, region: str) -> set[str]:
    """The names in a group of a schema, such as `createOnlyProperties`."""
    return {pointer.split("/")[2] for pointer in schema(kind, region).get(group, [])}


def tag_property(kind: str, region: str) -> tuple[str, bool] | None:
    """Where a resource of this type takes tags, and whether as a map; None if it takes none."""
    found = schema(kind, region)
    tagging = found.get("tagging", {})
    if not tagging.get("taggable", "Tags" in found["properties"]):
        return None
    name = tagging.get("tagProperty", "/properties/Tags").rpartition("/")[2]
    shape = found["properties"][name]
    while "$ref" in shape:
        shape = found["definitions"][shape["$ref"].rpartition("/")[2]]
    return name, shape.get("type") == "object"


def coerced(kind: str, properties: Json, region: str) -> Json:
    """Parameters are texts: CloudFormation makes numbers and booleans of them where the schema wants those."""
    whole = schema(kind, region)
    result: Json = _coerce(properties, whole, whole)
    return result


def _coerce(value: Any, shape: Json, whole: Json) -> Any:
    while "$ref" in shape:
        shape = whole["definitions"][shape["$ref"].rpartition("/")[2]]
    if isinstance(value, dict):
        members = shape.get("properties", {})
        return {name: _coerce(each, members.get(name, {}), whole) for name, each in value.items()}
    if isinstance(value, list):
        return [_coerce(each, shape.get("items", {}), whole) for each in value]
    if isinstance(value, str) and shape.get("type") in ("integer", "number"):
        return float(value) if "." in value else int(value) if value.isdecimal() else value
    if isinstance(value, str) and shape.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return str(value) if isinstance(value, int | float) and shape.get("type") == "string" else value
