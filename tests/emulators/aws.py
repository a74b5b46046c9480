"""The rest of AWS on loopback: a moto server for S3, IAM, STS, ECR, CloudWatch Logs, more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from moto.server import ThreadedMotoServer

from . import endpoints, keys

SERVICES = (
    "S3",
    "IAM",
    "STS",
    "ECR",
    "CLOUDWATCH_LOGS",
    "CODEBUILD",
    "CLOUDFORMATION",
    "CLOUDWATCH",
    "SECRETS_MANAGER",
    "KMS",
    "EC2",
)


@dataclass(frozen=True)
class Aws:
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point an AWS SDK here, with credentials that open nothing else."""
        endpoints = {f"AWS_ENDPOINT_URL_{service}": self.url for service in SERVICES}
        return endpoints | {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_REGION": "us-west-2",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def reset(self) -> None:
        """Forget every resource."""
        httpx.post(f"{self.url}/moto-api/reset").raise_for_status()


@contextmanager
def aws(port: int = 0) -> Iterator[Aws]:
    keys.install()
    endpoints.install()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        yield Aws("http://{}:{}".format(*server.get_host_and_port()))
    finally:
        server.stop()
