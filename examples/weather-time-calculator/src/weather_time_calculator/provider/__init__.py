"""Amazon Bedrock: what its models read, and how they are reached."""

from contextlib import nullcontext

import boto3
from botocore.config import Config

from ..settings import Settings
from .answer import ID_CHARACTERS as ID_CHARACTERS
from .calls import model_calls as model_calls
from .model_client import TrackedClient as TrackedClient
from .model_client import failure as failure

NAME = "bedrock"

# What a model may read beside text: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html,
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
DOCUMENTS = {
    "application/pdf",
    "text/plain",
    "text/markdown",
    "text/csv",
    "text/html",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

connections = nullcontext  # boto3's need no closing


def client_config(settings: Settings) -> Config:
    """One connection for each run, and no retries but ours: botocore's would outlast every deadline."""
    return Config(
        max_pool_connections=settings.max_runs,
        read_timeout=settings.model_read_seconds,
        connect_timeout=10,
        retries={"total_max_attempts": 1},
    )


def missing_credentials() -> str | None:
    """What to set before Bedrock can be called from here, or None."""
    if boto3.Session().get_credentials() is None:
        return "No AWS credentials were found. Set AWS_PROFILE, or run `aws configure` or `aws sso login`."
    return None
