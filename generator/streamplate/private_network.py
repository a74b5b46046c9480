"""Whether the VPC that a project's agent runs in has the endpoints which `deploy/endpoints.toml` names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streamplate.errors import StreamplateError

WAYS_OUT = ("NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "InstanceId", "VpcPeeringConnectionId")
"""Where a route may lead out. An internet gateway is none: the agent has no public address."""


@dataclass(frozen=True)
class Vpc:
    """The agent's subnets, and what the account says of their VPC."""

    id: str
    region: str
    network: dict[str, list[str]]
    """`subnets` and `security_groups`, as in deploy.toml."""
    tables: list[dict[str, Any]]
    """The route table of each subnet."""
    endpoints: list[dict[str, Any]]


def look(ec2: Any, network: dict[str, list[str]], wanted: dict[str, str]) -> str:
    """What was found. Raises `StreamplateError`, with the commands that mend it, if endpoints are missing.

    `wanted`: what each endpoint is for, by its name after `com.amazonaws.REGION.`
    """
    vpc = _vpc(ec2, network)
    if all(map(_leads_out, vpc.tables)):
        return f"{vpc.id} has a way out"
    missing = {name: what for name, what in wanted.items() if not any(_serves(vpc, name, e) for e in vpc.endpoints)}
    if missing:
        lacks = ", ".join(f"{name} ({what})" for name, what in missing.items())
        fix = " && ".join(_command(vpc, name) for name in missing)
        raise StreamplateError(f"{vpc.id} has no way out, and no usable endpoint for {lacks}", fix)
    return f"{vpc.id} has endpoints for {', '.join(wanted)}"


def _vpc(ec2: Any, network: dict[str, list[str]]) -> Vpc:
    subnets = ec2.describe_subnets(SubnetIds=network["subnets"])["Subnets"]
    ids = sorted({each["VpcId"] for each in subnets})
    if len(ids) > 1:
        raise StreamplateError(
            f"the subnets are of several VPCs: {', '.join(ids)}", "Name subnets of one in deploy.toml"
        )
    mine = [{"Name": "vpc-id", "Values": ids}]
    tables = _all(ec2, "describe_route_tables", "RouteTables", mine)
    endpoints = _all(ec2, "describe_vpc_endpoints", "VpcEndpoints", mine)
    used = [_table(tables, each["SubnetId"]) for each in subnets]
    return Vpc(ids[0], ec2.meta.region_name, network, used, endpoints)


def _all(ec2: Any, operation: str, key: str, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for page in ec2.get_paginator(operation).paginate(Filters=filters) for row in page[key]]


def _table(tables: list[dict[str, Any]], subnet: str) -> dict[str, Any]:
    """The route table that is the subnet's own, or the VPC's main one."""
    links = [(link, table) for table in tables for link in table["Associations"]]
    own = [table for link, table in links if link.get("SubnetId") == subnet]
    return (own or [table for link, table in links if link.get("Main")])[0]


def _leads_out(table: dict[str, Any]) -> bool:
    routes = [each for each in table["Routes"] if each.get("DestinationCidrBlock") == "0.0.0.0/0"]
    live = [each for each in routes if each.get("State", "active") == "active"]
    return any(any(each.get(way) for way in WAYS_OUT) or each.get("GatewayId", "").startswith("vgw-") for each in live)


def _serves(vpc: Vpc, name: str, endpoint: dict[str, Any]) -> bool:
    """Whether the agent's SDK finds the service behind it: by its own name, or by the routes of every subnet."""
    suffix = f".{vpc.region}.{name}"
    if not endpoint["ServiceName"].endswith(suffix) or endpoint["State"].lower() != "available":
        return False
    if endpoint["VpcEndpointType"] == "Gateway":
        return {each["RouteTableId"] for each in vpc.tables} <= set(endpoint.get("RouteTableIds", []))
    return bool(endpoint.get("PrivateDnsEnabled"))


def _command(vpc: Vpc, name: str) -> str:
    service = f"--service-name com.amazonaws.{vpc.region}.{name}"
    made = f"aws ec2 create-vpc-endpoint --region {vpc.region} --vpc-id {vpc.id} {service}"
    if name == "s3":
        tables = sorted({each["RouteTableId"] for each in vpc.tables})
        return f"{made} --vpc-endpoint-type Gateway --route-table-ids {' '.join(tables)}"
    subnets, groups = (" ".join(vpc.network[name]) for name in ("subnets", "security_groups"))
    inside = f"--subnet-ids {subnets} --security-group-ids {groups}"
    return f"{made} --vpc-endpoint-type Interface --private-dns-enabled {inside}"
