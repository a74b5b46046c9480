"""One AWS account in one region, and clients for it. `AWS_ENDPOINT_URL_*` is honoured, as everywhere in the SDK."""

from functools import cache, cached_property
from typing import Any

import boto3
from botocore.config import Config


class Cloud:
    """Sessions and clients are made when they are first needed."""

    def __init__(self, profile: str | None, region: str) -> None:
        self.region = region
        self.profile = profile
        self.client = cache(self._client)

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(profile_name=self.profile, region_name=self.region)

    def _client(self, service: str) -> Any:
        return self._session.client(service, config=Config(retries={"mode": "standard", "total_max_attempts": 5}))

    @cached_property
    def _caller(self) -> dict[str, str]:
        caller: dict[str, str] = self.client("sts").get_caller_identity()
        return caller

    @property
    def account(self) -> str:
        """The account's twelve digits. The first call that needs credentials."""
        return self._caller["Account"]

    @property
    def partition(self) -> str:
        """`aws`, or `aws-cn` or `aws-us-gov`."""
        return self._caller["Arn"].split(":")[1]


class Nowhere(Cloud):
    """Stands in for an account in a dry run: nothing can be called."""

    account = "ACCOUNT"
    partition = "aws"

    def __init__(self, region: str) -> None:
        super().__init__(None, region)
