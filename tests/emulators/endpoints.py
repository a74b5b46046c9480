"""VPC endpoints as EC2 takes them: moto makes one of any name and any kind.

The names: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

INTERFACE = {
    *("bedrock", "bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime"),
    *("bedrock-agentcore", "bedrock-agentcore-control", "bedrock-agentcore.gateway"),
    *("ecr.api", "ecr.dkr", "kms", "logs", "monitoring", "s3", "secretsmanager", "sts", "xray"),
}
GATEWAY = {"s3", "dynamodb"}


class InvalidServiceName(EC2ClientError):
    def __init__(self, name: str) -> None:
        super().__init__("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")


def install() -> None:
    """Have moto refuse what EC2 refuses."""
    EC2Backend.create_vpc_endpoint = _checked(EC2Backend.create_vpc_endpoint)


def _checked(create: Any) -> Any:
    if getattr(create, "checked", False):
        return create

    def checked(self: Any, vpc_id: str, service_name: str, endpoint_type: str | None = None, **rest: Any) -> Any:
        known = GATEWAY if (endpoint_type or "Gateway") == "Gateway" else INTERFACE
        if service_name not in {f"com.amazonaws.{self.region_name}.{each}" for each in known}:
            raise InvalidServiceName(service_name)
        return create(self, vpc_id=vpc_id, service_name=service_name, endpoint_type=endpoint_type, **rest)

    checked.checked = True  # type: ignore[attr-defined]
    return checked
