"""A project in whose `deploy.toml` everything is configured that CloudFormation and Terraform both make."""

from collections.abc import Callable
from typing import Any

from .projects import Project

ACCOUNT = "arn:aws:{0}:us-west-2:123456789012"
ANSWERS = {
    "auth": "jwt",
    "jwt_discovery_url": "https://issuer.example/.well-known/openid-configuration",
    "jwt_audience": "agents",
    "jwt_clients": "web",
    "jwt_scopes": "chat",
}
TABLES = f"""
[network]
subnets = ["subnet-0123456789abcdef0"]
security_groups = ["sg-0123456789abcdef0"]
[storage]
session = "/mnt/session"
efs = [{{ arn = "{ACCOUNT.format("elasticfilesystem")}:access-point/fsap-0123456789abcdef0", path = "/mnt/a" }}]
[[storage.s3]]
arn = "{ACCOUNT.format("s3files")}:file-system/fs-0123456789abcdef0/access-point/fsap-0123456789abcdef0"
path = "/mnt/b"
[parameters]
MaxFailedPercent = "7"
MaxTokensADay = "1000000"
ProdVersion = "3"
[[auth.claims]]
InboundTokenClaimName = "team"
InboundTokenClaimValueType = "STRING"
AuthorizingClaimMatchValue = {{ ClaimMatchOperator = "EQUALS", ClaimMatchValue = {{ MatchValueString = "search" }} }}
[[auth.claims]]
InboundTokenClaimName = "groups"
InboundTokenClaimValueType = "STRING_ARRAY"
[auth.claims.AuthorizingClaimMatchValue]
ClaimMatchOperator = "CONTAINS_ANY"
ClaimMatchValue = {{ MatchValueStringList = ["a"] }}
"""


def configured(variant: Callable[..., Project], answers: dict[str, Any], **values: Any) -> Project:
    """The project, with these answers and top-level values too."""
    project = variant(**ANSWERS, **answers)
    project.configure(TABLES, headers=["X-Tenant"], **values)
    return project
