"""Amazon Bedrock's OpenAI API: how its calls are retried, closed when a run ends, and explained when they fail."""

import os

import boto3
from openai import APIError, AsyncOpenAI, OpenAIError
from openai.providers import bedrock

from ..errors import Failure
from ..settings import Settings
from .answer import ID_CHARACTERS as ID_CHARACTERS
from .calls import model_calls as model_calls
from .failures import causes, told_failure
from .model_client import ModelClient
from .model_client import connections as connections

NAME = "bedrock"

# What a model reads beside text: those that Bedrock serves with OpenAI's API read nothing else
# (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html).
IMAGES: set[str] = set()
DOCUMENTS: set[str] = set()


def client(settings: Settings) -> AsyncOpenAI:
    """One client for the whole process, with AWS credentials, or AWS_BEARER_TOKEN_BEDROCK if that is set."""
    url = os.environ.get("AWS_BEDROCK_BASE_URL") or f"{_endpoint(settings)}/openai/v1"
    endpoint = bedrock(endpoint="runtime", region=settings.aws_region, base_url=url)
    http = ModelClient(settings)
    sdk = AsyncOpenAI(provider=endpoint, http_client=http, max_retries=0)
    http.sign = sdk._prepare_request
    return sdk


def failure(error: BaseException) -> Failure | None:
    """What went wrong in a model call, without the provider's own text; None when it was not a model call."""
    if told := told_failure(error):
        return told
    for cause in causes(error):
        if isinstance(cause, APIError):
            return Failure("model_error")
        if isinstance(cause, OpenAIError):  # the SDK finds no credentials, or cannot sign with them
            return Failure("credentials")
    return None


def missing_credentials() -> str | None:
    """What to set before Bedrock can be called from here, or None."""
    if "AWS_BEARER_TOKEN_BEDROCK" not in os.environ and boto3.Session().get_credentials() is None:
        return "No AWS credentials were found. Set AWS_PROFILE, or run `aws configure` or `aws sso login`."
    return None


def _endpoint(settings: Settings) -> str:
    """Where boto3 finds Bedrock: at AWS_ENDPOINT_URL_BEDROCK_RUNTIME, for one."""
    url: str = boto3.client("bedrock-runtime", region_name=settings.aws_region).meta.endpoint_url
    return url.rstrip("/")
