"""botocore's service models read from the server's side: routes, parameters, answers, error statuses."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape
from starlette.datastructures import Headers, QueryParams

from .errors import AwsError

Params = dict[str, Any]


class Route(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    operation: OperationModel


@cache
def services() -> tuple[ServiceModel, ...]:
    session = botocore.session.get_session()
    return tuple(session.get_service_model(name) for name in ("bedrock-agentcore-control", "bedrock-agentcore"))


@cache
def routes() -> tuple[Route, ...]:
    """Every operation of both planes, those with the most literal path first."""
    operations = [model.operation_model(name) for model in services() for name in model.operation_names]
    table = [Route(o.http["method"], _path_pattern(o.http["requestUri"]), o) for o in operations]
    return tuple(sorted(table, key=lambda route: route.operation.http["requestUri"].count("{")))


def _path_pattern(uri: str) -> re.Pattern[str]:
    path = re.escape(uri.partition("?")[0].rstrip("/"))
    return re.compile(re.sub(r"\\\{(\w+)(?:\\\+)?\\\}", r"(?P<\1>[^/]+)", path) + "/?")


def match(method: str, raw_path: str) -> tuple[OperationModel, dict[str, str]]:
    """The operation of a request and the unquoted values of its path. `raw_path` is still percent-encoded."""
    for route in routes():
        if route.method == method and (found := route.pattern.fullmatch(raw_path)):
            return route.operation, {name: unquote(value) for name, value in found.groupdict().items()}
    raise AwsError("UnknownOperationException", f"no operation answers {method} {raw_path}")


def parse(
    operation: OperationModel, path: Mapping[str, str], query: QueryParams, headers: Headers, body: bytes
) -> Params:
    """The operation's parameters, gathered from where the model says that each travels."""
    shape: Any = operation.input_shape
    payload = shape.serialization.get("payload")
    document = {} if payload else _json(body)
    values: Params = {}
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        where = member.serialization.get("location")
        if where == "uri":
            value: Any = path.get(wire)
        elif where == "querystring":
            value = _from_query(member, query, wire)
        elif where == "header":
            value = headers.get(wire)
        elif name == payload:
            value = body if member.type_name == "blob" else _json(body)
        else:
            value = document.get(name)
        if value is not None:
            values[name] = value
    return values


def _from_query(member: Shape, query: QueryParams, wire: str) -> Any:
    if member.type_name == "list":
        return query.getlist(wire) or None
    text = query.get(wire)
    return int(text) if text is not None and member.type_name == "integer" else text


def _json(body: bytes) -> Params:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        raise AwsError("SerializationException", "the request body is not JSON") from None
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "the request body is not a JSON object")
    return document


def answer(operation: OperationModel, result: Params) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of a result, as the model serialises it."""
    members = operation.output_shape.members if operation.output_shape else {}
    locations = {name: member.serialization.get("location") for name, member in members.items()}
    headers = {members[n].serialization["name"]: str(v) for n, v in result.items() if locations[n] == "header"}
    document = {n: v for n, v in result.items() if locations[n] is None}
    return operation.http.get("responseCode", 200), headers, json.dumps(document, default=_timestamp)


def _timestamp(value: dt.datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


STATUSES_OUTSIDE_THE_MODEL = {
    "UnknownOperationException": 404,
    "SerializationException": 400,
    "ExpiredTokenException": 403,
    "UnrecognizedClientException": 403,
    "MissingAuthenticationTokenException": 403,
    "IncompleteSignatureException": 400,
    "InvalidSignatureException": 403,
}


def status_of(code: str) -> int:
    """The HTTP status that the models give an error code."""
    for model in services():
        if code in model.shape_names:
            status: int = model.shape_for(code).metadata["error"]["httpStatusCode"]
            return status
    return STATUSES_OUTSIDE_THE_MODEL[code]
