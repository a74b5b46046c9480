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
    def account(self) -> str:
        """The account's twelve digits."""
        return str(self.client("sts").get_caller_identity()["Account"])
