"""Amazon Bedrock's OpenAI API: how its calls are retried, closed when a run ends, and explained when they fail."""

import os

import boto3
from openai import APIError, AsyncOpenAI
from openai.providers import bedrock

from .errors import Failure
from .model_calls import model_calls as model_calls
from .model_client import ModelClient
from .model_client import connections as connections
from .model_failures import model_failure, told_failure
from .settings import Settings

NAME = "bedrock"

# What a model reads beside text: those that Bedrock serves with OpenAI's API read nothing else
# (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html).
IMAGES: set[str] = set()
DOCUMENTS: set[str] = set()


def client(settings: Settings) -> AsyncOpenAI:
    """One client for the whole process, with AWS credentials, or AWS_BEARER_TOKEN_BEDROCK if that is set."""
    endpoint = bedrock(endpoint="runtime", region=settings.aws_region)
    return AsyncOpenAI(provider=endpoint, http_client=ModelClient(settings), max_retries=0)


{% include 'template/models/http/failure.py' %}


def missing_credentials() -> str | None:
    """What to set before Bedrock can be called from here, or None."""
    if "AWS_BEARER_TOKEN_BEDROCK" not in os.environ and boto3.Session().get_credentials() is None:
        return "No AWS credentials were found. Set AWS_PROFILE, or run `aws configure` or `aws sso login`."
    return None
