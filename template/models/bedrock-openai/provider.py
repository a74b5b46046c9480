"""Amazon Bedrock's OpenAI API: how its calls are retried, closed when a run ends, and explained when they fail."""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import boto3
import httpx2 as httpx
from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI
from openai.providers import bedrock
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, retry_if_result, stop_before_delay
from tenacity.wait import wait_random_exponential

from .errors import Failure
from .model_calls import current_calls
from .model_calls import model_calls as model_calls
from .settings import Settings

NAME = "bedrock"

# What a model reads beside text: those that Bedrock serves with OpenAI's API read nothing else
# (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html).
IMAGES: set[str] = set()
DOCUMENTS: set[str] = set()

# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-chat-completions.html
LAST_EVENT = b"data: [DONE]"
{% include 'template/models/http/calls.py' %}


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
